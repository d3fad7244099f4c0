edge::function! {
    //! Weeks and moods: bars of the last weeks, and how somebody felt from day to day. What is missing is missing, never 0.

    /// The person's weeks, first to last, by what was measured in them: 12 up to now, or those in which `from` and `to` lie, 106 at most. A
    /// week begins on Monday. Each measure names its source, null where there is none yet.
    GET "/wellness/weeks"          => list_weeks,        auth: Person, limit: 300, reads;
    /// One measure as bars, in the caller's language.
    GET "/wellness/weeks/bars.svg" => draw_weeks,        auth: Person, limit: 300, reads, headers: [ETag];
    /// How the person felt before and after sessions and in scans, day by day: 30 days up to today, or those from `from` to `to`, 366
    /// at most.
    GET "/wellness/weeks/mood"     => list_moods,        auth: Person, limit: 300, reads;
    /// The same as a picture, in the caller's language.
    GET "/wellness/weeks/mood.svg" => draw_moods,        auth: Person, limit: 300, reads, headers: [ETag];
}

mod picture;
mod trend;

use chart::Theme;
use chrono::NaiveDate;
use edge::{Context, Date, Days, FieldError, Person, Place, Query, Reply, Result, Sql, Svg, Verbatim, input, output};
use serde::Deserialize;
use trend::Trend;

/// What a week is measured by. None is a diagnosis.
#[input(name = "WeekMetric")]
enum Metric {
    /// Mean mood after sessions, -1 to 1.
    Mood,
    /// Median difference of RMSSD, in ms: higher is calmer.
    Stress,
    /// Mean coherence score, 0 to 100.
    Energy,
    /// Nothing of ours measures sleep.
    Sleep,
    /// Minutes of moderate and vigorous activity.
    Activity,
}

#[input]
struct Only {
    /// Only this measure; all where absent.
    metric: Option<Metric>,
}

#[input]
struct Look {
    /// The measure that is drawn; mood where absent.
    metric: Option<Drawn>,
    /// What the reader prefers, where absent.
    theme: Option<Theme>,
}

/// What is drawn as bars from 0 upwards.
#[input(name = "DrawnWeekMetric")]
enum Drawn {
    Mood,
    Energy,
}

#[input]
struct MoodLook {
    /// What the reader prefers, where absent.
    theme: Option<Theme>,
}

/// Weeks by what was measured in them.
#[output(name = "WellnessWeeks")]
struct Weeks {
    /// A Monday.
    first_week: NaiveDate,
    /// A Monday; it may be the week that is not over.
    last_week: NaiveDate,
    metrics: Vec<Measured>,
}

/// One measure over weeks.
#[output(name = "WeekMeasure")]
struct Measured {
    metric: Metric,
    unit: String,
    /// The column of `breath_weekly_metrics` that it is; null where nothing measures it yet.
    source: Option<String>,
    /// Every week, first to last.
    points: Vec<Point>,
    /// Mean of the weeks that have a value; null where none has.
    average: Option<f64>,
    /// How many weeks have one.
    n: usize,
    trend: Trend,
}

/// One week.
#[output(name = "WeekPoint")]
struct Point {
    /// Its Monday.
    date: NaiveDate,
    value: Option<f64>,
    /// In the caller's language: `S24`, `W24`.
    label: String,
}

/// How somebody felt on days.
#[output(name = "Moods")]
struct Moods {
    first_day: NaiveDate,
    last_day: NaiveDate,
    /// Days on which something was said, first to last.
    days: Vec<Mood>,
}

/// One day, on 0 to 100.
#[output(name = "MoodDay")]
struct Mood {
    date: NaiveDate,
    /// Mean mood before sessions.
    before: Option<f64>,
    /// Mean mood after sessions.
    after: Option<f64>,
    /// Mean mood of scans.
    scanned: Option<f64>,
    /// How many moods were said.
    n: i64,
}

/// A week as the database has it.
#[derive(Deserialize)]
struct Row {
    week: NaiveDate,
    mood_score: Option<f64>,
    hrv_stress_idx: Option<f64>,
    coherence_avg: Option<f64>,
    mvpa_week: Option<f64>,
    number: i32,
}

const MOST_WEEKS: i64 = 106;
const MOST_DAYS: i64 = 366;

async fn list_weeks(ctx: Context, _: Person, Query(asked): Query<Days<Only>>) -> Result<Reply<Weeks>> {
    within(asked.from, asked.to, 7 * MOST_WEEKS)?;
    let rows: Vec<Row> = ctx.sql(WEEKS.bind(asked.from).bind(asked.to)).await?.all()?;
    let letter = if ctx.language() == edge::Language::En { "W" } else { "S" };
    let all = [Metric::Mood, Metric::Stress, Metric::Energy, Metric::Sleep, Metric::Activity];
    let wanted = all.into_iter().filter(|metric| asked.rest.metric.is_none_or(|only| only == *metric));
    let metrics = wanted.map(|metric| measured(metric, &rows, letter)).collect();
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Err(edge::Error::internal("no week")) };
    Ok(Reply::new(Weeks { first_week: first.week, last_week: last.week, metrics }))
}

async fn draw_weeks(ctx: Context, _: Person, Query(asked): Query<Days<Look>>) -> Result<Reply<Svg>> {
    within(asked.from, asked.to, 7 * MOST_WEEKS)?;
    let rows: Vec<Row> = ctx.sql(WEEKS.bind(asked.from).bind(asked.to)).await?.all()?;
    let drawn = asked.rest.metric.unwrap_or(Drawn::Mood);
    Ok(Reply::new(Svg(picture::weeks(&rows, drawn, asked.rest.theme, ctx.language()))).revalidated())
}

async fn list_moods(ctx: Context, _: Person, Query(asked): Query<Days>) -> Result<Reply<Verbatim<Moods>>> {
    within(asked.from, asked.to, MOST_DAYS)?;
    Ok(Reply::new(ctx.sql(MOODS.bind(asked.from).bind(asked.to)).await?.verbatim()?))
}

async fn draw_moods(ctx: Context, _: Person, Query(asked): Query<Days<MoodLook>>) -> Result<Reply<Svg>> {
    within(asked.from, asked.to, MOST_DAYS)?;
    let moods: Moods = ctx.sql(MOODS.bind(asked.from).bind(asked.to)).await?.one()?;
    Ok(Reply::new(Svg(picture::moods(&moods, asked.rest.theme, ctx.language()))).revalidated())
}

/// Both ends say how long it is; one alone has the usual length.
fn within(from: Option<Date>, to: Option<Date>, most: i64) -> Result<()> {
    match (from, to) {
        (Some(from), Some(to)) if (to.day() - from.day()).num_days() >= most => {
            Err(FieldError::new(Place::Query, "to", "date_too_far").into())
        }
        _ => Ok(()),
    }
}

fn measured(metric: Metric, rows: &[Row], letter: &str) -> Measured {
    let (unit, source, value): (_, _, fn(&Row) -> Option<f64>) = match metric {
        Metric::Mood => ("-1..1", Some("mood_score"), |row| row.mood_score),
        Metric::Stress => ("ms", Some("hrv_stress_idx"), |row| row.hrv_stress_idx),
        Metric::Energy => ("0..100", Some("coherence_avg"), |row| row.coherence_avg),
        Metric::Sleep => ("h", None, |_| None),
        Metric::Activity => ("min", None, |row| row.mvpa_week),
    };
    let label = |row: &Row| [letter, &row.number.to_string()].concat();
    let points: Vec<Point> = rows.iter().map(|row| Point { date: row.week, value: value(row), label: label(row) }).collect();
    let values: Vec<f64> = points.iter().filter_map(|point| point.value).collect();
    Measured {
        metric,
        unit: unit.to_owned(),
        source: source.map(str::to_owned),
        average: trend::mean(&values),
        n: values.len(),
        trend: Trend::of(&values),
        points,
    }
}

/// Sessions as they are, so that no week is behind what cron has kept.
const WEEKS: Sql = Sql::new(
    "with ends as (
       select edge.week_of(coalesce($1::date, least(coalesce($2::date, edge.today()), edge.today()) - 77)) as first,
         edge.week_of(coalesce($2::date, greatest($1::date, least($1::date + 77, edge.today())), edge.today())) as last)
     select g.week, w.mood_score, w.hrv_stress_idx, w.coherence_avg, w.mvpa_week, extract(week from g.week)::int as number
     from ends e
     cross join lateral (select e.first + 7 * n as week from generate_series(0, (e.last - e.first) / 7) as n) as g
     left join edge.breath_weeks(edge.uid(), (select first from ends), (select last from ends)) as w on w.week_start = g.week
     order by g.week",
);

const MOODS: Sql = Sql::new(
    "with ends as materialized (
       select coalesce($1::date, coalesce($2::date, edge.today()) - 29) as first, coalesce($2::date, greatest($1::date, edge.today())) as last),
     days as (
       select m.date, avg(m.before) as before, avg(m.after) as after, avg(m.scanned) as scanned,
         count(m.before) + count(m.after) + count(m.scanned) as n
       from (
         select w.date, w.mood_before as before, w.mood_after as after, null::smallint as scanned
         from wellness_sessions w
         where w.user_id = edge.uid() and w.date between (select first from ends) and (select last from ends)
         union all
         select s.date, null, null, s.mood from emotion_scans s
         where s.user_id = edge.uid() and s.date between (select first from ends) and (select last from ends)
       ) as m
       group by m.date)
     select e.first as first_day, e.last as last_day, (
       select coalesce(jsonb_agg(jsonb_build_object('date', d.date, 'before', round(d.before, 2)::double precision,
         'after', round(d.after, 2)::double precision, 'scanned', round(d.scanned, 2)::double precision, 'n', d.n) order by d.date), '[]')
       from days d where d.n > 0) as days
     from ends e",
);

#[cfg(test)]
mod tests;
