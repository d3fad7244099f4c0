edge::function! {
    //! Zazen: what the sessions add up to, and words for what leads to them.

    /// Statistics of a person's sessions; zeros where there are none. Minutes are whole minutes of the total in seconds.
    GET "/rise/zazen/stats/{user_id}" => get_zazen_stats,     auth: OwnerOrAdmin, limit: 300, reads;
    /// Words for `triggered_by`: first those that the person uses most, then suggestions. Any other word is welcome too.
    GET "/rise/zazen/triggers"        => list_zazen_triggers, auth: Person,       limit: 300, reads;
}

use chrono::NaiveDate;
use edge::{Context, Days, Language, Message, OwnerOrAdmin, Page, Path, Person, Query, Reply, Result, Sql, input, msg, output};
use rise::Owner;

const WEEKS: u32 = 12;

/// How many of the person's own words are remembered.
const OWN_WORDS: i64 = 10;

/// The first two are the product document's.
const SUGGESTIONS: [Message; 8] = [
    msg!("stress", fr: "Stress", en: "Stress"),
    msg!("decision", fr: "Décision à prendre", en: "A decision to make"),
    msg!("anxiety", fr: "Anxiété", en: "Anxiety"),
    msg!("anger", fr: "Colère", en: "Anger"),
    msg!("fatigue", fr: "Fatigue", en: "Fatigue"),
    msg!("focus", fr: "Besoin de concentration", en: "Need to focus"),
    msg!("sleep", fr: "Avant de dormir", en: "Before sleep"),
    msg!("routine", fr: "Rituel quotidien", en: "Daily routine"),
];

#[input]
struct Weeks {
    /// How many weeks `by_week` shows; 12 where absent.
    #[validate(range(min = 1, max = 53))]
    weeks: Option<u32>,
}

/// A person's sessions, in all and by week.
#[output(name = "ZazenStats")]
struct Stats {
    sessions: i64,
    total_seconds: i64,
    total_minutes: i64,
    /// Seconds.
    average_duration: f64,
    /// Seconds.
    longest_duration: i32,
    /// Days with a session.
    days: i64,
    /// Sessions a week, from the week of the first to that of the last day of the range that has been.
    weekly_frequency: f64,
    mood: Mood,
    /// Most frequent first; `triggered_by` is null for sessions without one.
    by_trigger: Vec<Trigger>,
    /// The last weeks of the range that have begun, newest first, those without a session too.
    by_week: Vec<Week>,
}

/// Averages over the sessions that have a mood before and after.
#[output(name = "ZazenMood")]
struct Mood {
    sessions: i64,
    before: f64,
    after: f64,
    change: f64,
}

/// How often something led to sitting.
#[output(name = "ZazenTrigger")]
struct Trigger {
    triggered_by: Option<String>,
    sessions: i64,
    minutes: i64,
    /// Seconds.
    average_duration: f64,
    mood: Mood,
}

/// One ISO week of sessions.
#[output(name = "ZazenWeek")]
struct Week {
    /// Its Monday.
    week: NaiveDate,
    sessions: i64,
    minutes: i64,
}

#[output]
struct Used {
    word: String,
    uses: i64,
}

/// A word for what led to sitting.
#[output(name = "ZazenTriggerSuggestion")]
struct Suggestion {
    /// What goes into `triggered_by`.
    word: String,
    /// What to show, in the caller's language.
    label: String,
    /// How many sessions of the person have it.
    uses: i64,
}

async fn get_zazen_stats(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(range): Query<Days<Weeks>>,
) -> Result<Reply<Stats>> {
    let select = STATS.bind(range.from).bind(range.to).bind(range.rest.weeks.unwrap_or(WEEKS));
    Ok(Reply::new(ctx.sql(select).await?.one()?))
}

async fn list_zazen_triggers(ctx: Context, _: Person) -> Result<Reply<Page<Suggestion>>> {
    let used: Vec<Used> = ctx.sql(TRIGGERS.bind(OWN_WORDS)).await?.all()?;
    let unused = SUGGESTIONS.iter().filter(|message| !used.iter().any(|own| own.word == message.code));
    let unused: Vec<Suggestion> = unused.map(|message| suggestion(message.code, 0, ctx.language())).collect();
    let own = used.iter().map(|own| suggestion(&own.word, own.uses, ctx.language()));
    Ok(Reply::new(Page { items: own.chain(unused).collect(), next_cursor: None }))
}

fn suggestion(word: &str, uses: i64, language: Language) -> Suggestion {
    let known = SUGGESTIONS.iter().find(|message| message.code == word);
    Suggestion { word: word.to_owned(), label: known.map_or(word, |message| message.text(language)).to_owned(), uses }
}

/// `m` counts the sessions with both moods. Averages are rounded to the hundredth; none of them divides by zero.
const STATS: Sql = Sql::new(
    "with s as materialized (
       select duration, date, triggered_by, mood_before, mood_after,
         mood_before is not null and mood_after is not null as has_moods
       from zazen_sessions
       where user_id = edge.uid() and deleted_at is null
         and ($1::date is null or date >= $1) and ($2::date is null or date <= $2)),
     triggers as (
       select triggered_by, count(*) as sessions, sum(duration) / 60 as minutes, round(avg(duration), 2) as average_duration,
         jsonb_build_object('sessions', count(*) filter (where has_moods),
           'before', coalesce(round(avg(mood_before) filter (where has_moods), 2), 0),
           'after', coalesce(round(avg(mood_after) filter (where has_moods), 2), 0),
           'change', coalesce(round(avg(mood_after - mood_before) filter (where has_moods), 2), 0)) as mood
       from s group by triggered_by),
     weeks as (
       select w.week, count(s.duration) as sessions, coalesce(sum(s.duration), 0) / 60 as minutes
       from (select edge.week_of(least($2::date, edge.today())) - 7 * n as week from generate_series(0, $3::int - 1) as n) as w
       left join s on s.date between w.week and w.week + 6
       group by w.week)
     select count(*) as sessions, coalesce(sum(duration), 0)::bigint as total_seconds,
       (coalesce(sum(duration), 0) / 60)::bigint as total_minutes,
       coalesce(round(avg(duration), 2), 0)::double precision as average_duration,
       coalesce(max(duration), 0) as longest_duration, count(distinct date) as days,
       coalesce(round(count(*)::numeric / ((edge.week_of(greatest(least($2::date, edge.today()), max(date)))
         - edge.week_of(min(date))) / 7 + 1), 2), 0)::double precision as weekly_frequency,
       jsonb_build_object('sessions', count(*) filter (where has_moods),
         'before', coalesce(round(avg(mood_before) filter (where has_moods), 2), 0),
         'after', coalesce(round(avg(mood_after) filter (where has_moods), 2), 0),
         'change', coalesce(round(avg(mood_after - mood_before) filter (where has_moods), 2), 0)) as mood,
       (select coalesce(jsonb_agg(to_jsonb(t) order by t.sessions desc, t.triggered_by nulls last), '[]') from triggers t)
         as by_trigger,
       (select jsonb_agg(to_jsonb(w) order by w.week desc) from weeks w) as by_week
     from s",
);

const TRIGGERS: Sql = Sql::new(
    "select triggered_by as word, count(*) as uses
     from zazen_sessions
     where user_id = edge.uid() and deleted_at is null and triggered_by is not null
     group by triggered_by
     order by count(*) desc, triggered_by
     limit $1::bigint",
);

#[cfg(test)]
mod tests;
