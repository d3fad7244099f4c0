edge::function! {
    //! What people do in Aube, where they agree that it is counted, and what administrators see of it.

    /// Takes up to a hundred events, each once, however often it is sent. Needs the consent `aube-events`. An event holds no answer.
    POST "/aube/events"       => record_aube_events,   auth: Person, limit: 60, writes, reply: 202, refuses: [refusal::CONSENT_REQUIRED];
    /// The last twelve weeks that ended two days ago or earlier: for each type of event the share of people who had one, among those
    /// who had any, rounded down to a quarter; null where fewer than `smallest_group` are. A week is computed once.
    GET  "/aube/events/weeks" => list_aube_weeks,      auth: Admin,  limit: 60, writes;
}

use aube::occupations::is_code;
use aube::recommend::is_known;
use aube::words;
use edge::chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::{Admin, Array, Context, FieldError, Json, Person, Place, Reply, Result, Sql, SqlJson, Word, input, output, refusal};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::Validate;

/// How far a device's clock may be ahead of ours, and how long it may have been offline.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
const BEHIND: TimeDelta = TimeDelta::days(30);

/// Events to record.
#[input(name = "AubeEvents")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"events": [
    {"id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "type": "result_opened"}]}])))]
struct Events {
    #[validate(length(min = 1, max = 100), nested)]
    events: Vec<Event>,
}

/// Something that a person did. It has the members that its type has, and no other.
#[input(name = "AubeEvent")]
struct Event {
    /// Given by the device; an event that is there already is not taken again.
    id: Uuid,
    r#type: Type,
    /// When; now where absent. At most 30 days back.
    at: Option<DateTime<Utc>>,
    /// Code of `match_opened` and `match_set_aside`.
    #[validate(length(max = 40))]
    occupation: Option<String>,
    /// Id of `recommendation_opened`.
    #[validate(length(max = 40))]
    recommendation: Option<String>,
    /// Of `filter_used`.
    filter: Option<FilterName>,
    /// How many questions were answered when it was left, of `questionnaire_left`.
    #[validate(range(max = 50))]
    answered: Option<u8>,
}

/// What a person did.
#[input(name = "AubeEventType")]
enum Type {
    QuestionnaireOpened,
    QuestionnaireLeft,
    ResultOpened,
    MatchOpened,
    MatchSetAside,
    FilterUsed,
    RecommendationOpened,
    PageShared,
}

/// By what matches were filtered.
#[input(name = "AubeFilterName")]
enum FilterName {
    Resilience,
    Skill,
    JobZone,
    Growth,
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
struct Kept {
    smallest_group: i32,
    weeks: Vec<Week>,
}

/// An event as it is stored.
#[derive(Serialize)]
struct Row<'a> {
    client_id: Uuid,
    r#type: &'static str,
    occurred_at: DateTime<Utc>,
    properties: Properties<'a>,
}

#[derive(Serialize)]
struct Properties<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    occupation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recommendation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answered: Option<u8>,
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
    let Kept { smallest_group, weeks: items } = ctx.sql(WEEKS.bind(Array(&types))).await?.one()?;
    let purpose = words::PURPOSE.text(ctx.language()).to_owned();
    Ok(Reply::new(Weeks { items, next_cursor: None, smallest_group, purpose }))
}

const TYPES: [Type; 8] = [
    Type::QuestionnaireOpened,
    Type::QuestionnaireLeft,
    Type::ResultOpened,
    Type::MatchOpened,
    Type::MatchSetAside,
    Type::FilterUsed,
    Type::RecommendationOpened,
    Type::PageShared,
];

impl Event {
    /// Which members are missing, of no use to the type, or say nothing that there is.
    fn wrong(&self, at: usize, now: DateTime<Utc>) -> Vec<FieldError> {
        let kind = self.r#type;
        let members = [
            ("occupation", self.occupation.is_some(), matches!(kind, Type::MatchOpened | Type::MatchSetAside)),
            ("recommendation", self.recommendation.is_some(), matches!(kind, Type::RecommendationOpened)),
            ("filter", self.filter.is_some(), matches!(kind, Type::FilterUsed)),
            ("answered", self.answered.is_some(), matches!(kind, Type::QuestionnaireLeft)),
        ];
        let field = |name: &str| ["events.", &at.to_string(), ".", name].concat();
        let mut wrong = Vec::new();
        for (name, is_given, is_due) in members {
            if is_given != is_due {
                wrong.push(FieldError::new(Place::Body, field(name), if is_due { "required" } else { "not_allowed" }));
            }
        }
        let is_occupation = self.occupation.as_deref().is_none_or(is_code);
        let is_recommendation = self.recommendation.as_deref().is_none_or(is_known);
        for (name, is_right) in [("occupation", is_occupation), ("recommendation", is_recommendation)] {
            if !is_right {
                wrong.push(FieldError::new(Place::Body, field(name), "not_allowed"));
            }
        }
        match self.at {
            Some(moment) if moment > now + AHEAD => wrong.push(FieldError::new(Place::Body, field("at"), "date_in_future")),
            Some(moment) if moment < now - BEHIND => wrong.push(FieldError::new(Place::Body, field("at"), "date_too_old")),
            _ => {}
        }
        wrong
    }

    fn row(&self, now: DateTime<Utc>) -> Row<'_> {
        Row {
            client_id: self.id,
            r#type: self.r#type.word(),
            occurred_at: self.at.unwrap_or(now),
            properties: Properties {
                occupation: self.occupation.as_deref(),
                recommendation: self.recommendation.as_deref(),
                filter: self.filter.map(Word::word),
                answered: self.answered,
            },
        }
    }
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
