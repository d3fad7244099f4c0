//! An event: what it has by its type, and how it is stored.

use aube::occupations::is_code;
use aube::recommend::is_known;
use edge::chrono::{DateTime, TimeDelta, Utc};
use edge::{FieldError, Place, Word, input};
use serde::Serialize;
use uuid::Uuid;

/// How far a device's clock may be ahead of ours, and how long it may have been offline.
const AHEAD: TimeDelta = TimeDelta::minutes(5);
const BEHIND: TimeDelta = TimeDelta::days(30);

/// Something that a person did. It has the members that its type has, and no other.
#[input(name = "AubeEvent")]
pub struct Event {
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
pub enum Type {
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
pub enum FilterName {
    Resilience,
    Skill,
    JobZone,
    Growth,
}

pub const TYPES: [Type; 8] = [
    Type::QuestionnaireOpened,
    Type::QuestionnaireLeft,
    Type::ResultOpened,
    Type::MatchOpened,
    Type::MatchSetAside,
    Type::FilterUsed,
    Type::RecommendationOpened,
    Type::PageShared,
];

/// An event as it is stored.
#[derive(Serialize)]
pub struct Row<'a> {
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

impl Event {
    /// Which members are missing, of no use to the type, or say nothing that there is.
    pub fn wrong(&self, at: usize, now: DateTime<Utc>) -> Vec<FieldError> {
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

    /// The event to store; one without a moment is of `now`.
    pub fn row(&self, now: DateTime<Utc>) -> Row<'_> {
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
