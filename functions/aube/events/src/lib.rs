edge::function! {
    //! What people do in Aube, where they agree that it is counted, and what administrators see of it.

    /// Takes up to a hundred events, each once, however often it is sent. Needs the consent `aube-events`. An event holds no answer.
    POST "/aube/events"       => record_aube_events,   auth: Person, limit: 60, writes, reply: 202, refuses: [refusal::CONSENT_REQUIRED];
    /// The last twelve weeks that ended two days ago or earlier: for each type of event the share of people who had one, among those
    /// who had any, rounded down to a quarter; null where fewer than `smallest_group` are. A week is computed once.
    GET  "/aube/events/weeks" => list_aube_weeks,      auth: Admin,  limit: 60, writes;
}

mod event;

use aube::words;
use edge::chrono::NaiveDate;
use edge::{Admin, Array, Context, FieldError, Json, Person, Reply, Result, Sql, SqlJson, Word, input, output, refusal};
use event::{Event, Row, TYPES};
use serde::Deserialize;
use validator::Validate;

/// Events to record.
#[input(name = "AubeEvents")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"events": [
    {"id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "type": "result_opened"}]}])))]
struct Events {
    #[validate(length(min = 1, max = 100), nested)]
    events: Vec<Event>,
}

/// What was taken.
#[output(name = "AubeEventsRecorded")]
struct Recorded {
    /// Events that are new.
    accepted: u64,
    /// Events that were there already.
    repeated: u64,
    purpose: String,
}

/// Closed weeks, the latest first.
#[output(name = "AubeWeekPage")]
struct Weeks {
    items: Vec<Week>,
    next_cursor: Option<String>,
    smallest_group: i32,
    purpose: String,
}

/// One type of event in one week.
#[output(name = "AubeWeek")]
struct Week {
    /// Its Monday.
    week: NaiveDate,
    r#type: String,
    /// Who had any event, rounded down to tens; null where too few.
    people: Option<i32>,
    /// 0, 0.25, 0.5, or 0.75 for three quarters and more.
    share: Option<f64>,
}

/// Weeks as they were kept.
#[derive(Deserialize)]
struct StoredWeeks {
    smallest_group: i32,
    weeks: Vec<Week>,
}

async fn record_aube_events(ctx: Context, _: Person, Json(sent): Json<Events>) -> Result<Reply<Recorded>> {
    let wrong: Vec<FieldError> = sent.events.iter().zip(0..).flat_map(|(event, at)| event.wrong(at, ctx.now())).collect();
    if !wrong.is_empty() {
        return Err(edge::Error::invalid(wrong));
    }
    let rows: Vec<Row> = sent.events.iter().map(|event| event.row(ctx.now())).collect();
    let [_, inserted] = ctx.batch([CONSENT.into(), INSERT.bind(SqlJson(&rows))]).await?;
    let accepted = inserted.affected()?;
    let repeated = u64::try_from(rows.len()).unwrap_or_default().saturating_sub(accepted);
    Ok(Reply::new(Recorded { accepted, repeated, purpose: words::PURPOSE.text(ctx.language()).to_owned() }))
}

async fn list_aube_weeks(ctx: Context, _: Admin) -> Result<Reply<Weeks>> {
    let types = TYPES.map(Word::word);
    let StoredWeeks { smallest_group, weeks: items } = ctx.sql(WEEKS.bind(Array(&types))).await?.one()?;
    let purpose = words::PURPOSE.text(ctx.language()).to_owned();
    Ok(Reply::new(Weeks { items, next_cursor: None, smallest_group, purpose }))
}

const CONSENT: Sql = Sql::new("select edge.require_consent('aube-events')");

/// Whoever comes to the second statement has agreed to the text in force.
const INSERT: Sql = Sql::new(
    "insert into exploration_analytics (client_id, type, occurred_at, properties, consent_version)
     select e.client_id, e.type, e.occurred_at, e.properties,
       (select c.version from consents c where c.user_id = edge.uid() and c.purpose = 'aube-events' order by c.id desc limit 1)
     from jsonb_to_recordset($1) as e (client_id uuid, type text, occurred_at timestamptz, properties jsonb)
     on conflict (user_id, client_id) do nothing",
);

const WEEKS: Sql = Sql::new("select smallest_group, weeks from edge.exploration_weeks(types => $1::text[])");

#[cfg(test)]
mod tests;
