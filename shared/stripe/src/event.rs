use chrono::{DateTime, Datelike, Utc};
use edge::small_json;
use edge::{Error, Result, refusal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A body with a good signature.
#[derive(Debug)]
pub enum Read {
    Event(Box<Event>),
    /// Nothing that tiers depend on.
    Other,
}

/// An event about who a customer is or what they subscribe to; the argument of `edge.stripe_event`.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub id: String,
    pub r#type: String,
    pub created_at: DateTime<Utc>,
    /// Of live mode, where the money is real.
    pub is_live: bool,
    pub customer: Option<String>,
    /// Who the customer is, by what we gave Stripe: a checkout's `client_reference_id`, a subscription's `metadata.user_id`.
    pub user_id: Option<Uuid>,
    pub subscription: Option<Subscription>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Subscription {
    pub id: String,
    /// `None` where the event says only who the subscription is for.
    pub state: Option<State>,
    /// What this event says that it changed, as it was before; `None` where it does not say.
    pub before: Option<Facts>,
    pub after: Option<Facts>,
}

#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// Stripe's word: `active`, `past_due`, …
    pub status: String,
    pub period_start: Option<DateTime<Utc>>,
    pub period_end: Option<DateTime<Utc>>,
    /// It ends with its period.
    pub is_ending: bool,
}

/// By what the events of one second are put in order: what Stripe says of a subscription, in its own words. An event that
/// changes the one and the same thing back leaves it as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    pub status: String,
    pub period_start: Option<i64>,
    pub period_end: Option<i64>,
    pub cancel_at_period_end: bool,
    pub cancel_at: Option<i64>,
}

#[derive(Deserialize)]
struct Kind {
    r#type: String,
}

#[derive(Deserialize)]
struct Envelope<T> {
    id: String,
    created: Moment,
    livemode: bool,
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
    /// The members of `object` that the event has changed, as they were before; only updates have it.
    previous_attributes: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
struct CheckoutSession {
    customer: Option<String>,
    client_reference_id: Option<String>,
    subscription: Option<String>,
}

#[derive(Deserialize)]
struct SubscriptionObject {
    id: String,
    customer: String,
    status: String,
    #[serde(default)]
    cancel_at_period_end: bool,
    cancel_at: Option<Moment>,
    #[serde(flatten)]
    period: Period,
    #[serde(default)]
    items: Items,
    #[serde(default)]
    metadata: Metadata,
}

impl SubscriptionObject {
    fn facts(&self) -> Facts {
        let periods = || self.items.data.iter().chain([&self.period]);
        let seconds = |moment: Option<Moment>| moment.map(|Moment(time)| time.timestamp());
        Facts {
            status: self.status.clone(),
            period_start: seconds(periods().filter_map(|period| period.current_period_start).max()),
            period_end: seconds(periods().filter_map(|period| period.current_period_end).max()),
            cancel_at_period_end: self.cancel_at_period_end,
            cancel_at: seconds(self.cancel_at),
        }
    }
}

impl Facts {
    /// As they were when the members had these values. One that does not have its shape counts as unchanged: it only helps to
    /// put events in order.
    fn with(&self, previous: &Map<String, Value>) -> Facts {
        let items = previous.get("items").and_then(|items| items["data"].as_array());
        let seconds = |name: &str, now: Option<i64>| {
            let own = previous.get(name).and_then(Value::as_i64);
            let of_items = items.into_iter().flatten().filter_map(|item| item[name].as_i64()).max();
            own.max(of_items).or(now)
        };
        let status = previous.get("status").and_then(Value::as_str).unwrap_or(&self.status);
        Facts {
            // What no status can be as long as would not be stored.
            status: status.chars().filter(|sign| *sign != '\0').take(40).collect(),
            period_start: seconds("current_period_start", self.period_start),
            period_end: seconds("current_period_end", self.period_end),
            cancel_at_period_end: previous
                .get("cancel_at_period_end")
                .and_then(Value::as_bool)
                .unwrap_or(self.cancel_at_period_end),
            cancel_at: previous.get("cancel_at").map_or(self.cancel_at, Value::as_i64),
        }
    }
}

/// Unix seconds, from 1970 to 9999: what a date of four digits says.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(try_from = "i64")]
struct Moment(DateTime<Utc>);

impl TryFrom<i64> for Moment {
    type Error = &'static str;

    fn try_from(seconds: i64) -> std::result::Result<Moment, &'static str> {
        let moment = DateTime::from_timestamp(seconds, 0).filter(|moment| (1970..=9999).contains(&moment.year()));
        moment.map(Moment).ok_or("a time outside of the years 1970 to 9999")
    }
}

/// Until API version 2025-03-31 a subscription's own; since then each item's.
#[derive(Clone, Copy, Default, Deserialize)]
struct Period {
    current_period_start: Option<Moment>,
    current_period_end: Option<Moment>,
}

#[derive(Default, Deserialize)]
struct Items {
    data: Vec<Period>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    user_id: Option<String>,
}

impl Read {
    /// # Errors
    /// 422 for what should tell us something and cannot be read: Stripe then tries again, and shows that it fails.
    pub fn new(body: &[u8]) -> Result<Read> {
        let kind = parse::<Kind>(body)?.r#type;
        let event = match kind.as_str() {
            "checkout.session.completed" => {
                let Envelope { id, created, livemode, data } = parse::<Envelope<CheckoutSession>>(body)?;
                let user_id = data.object.client_reference_id.and_then(|id| id.parse().ok());
                let customer = data.object.customer;
                let only_whose = |id| Subscription { id, state: None, before: None, after: None };
                let subscription = data.object.subscription.map(only_whose);
                Event { id, r#type: kind, created_at: created.0, is_live: livemode, customer, user_id, subscription }
            }
            _ if kind.starts_with("customer.subscription.") => {
                let Envelope { id, created, livemode, data } = parse::<Envelope<SubscriptionObject>>(body)?;
                let user_id = data.object.metadata.user_id.as_ref().and_then(|id| id.parse().ok());
                let customer = Some(data.object.customer.clone());
                let after = data.object.facts();
                let before = data.previous_attributes.map(|previous| after.with(&previous));
                let id_of_subscription = data.object.id.clone();
                let state = Some(data.object.into());
                let subscription = Some(Subscription { id: id_of_subscription, state, before, after: Some(after) });
                Event { id, r#type: kind, created_at: created.0, is_live: livemode, customer, user_id, subscription }
            }
            _ => return Ok(Read::Other),
        };
        match event.misfit() {
            Some(field) => Err(Error::from(refusal::UNREADABLE_EVENT).because(field)),
            None => Ok(Read::Event(Box::new(event))),
        }
    }
}

impl Event {
    /// What cannot be stored: see the checks of `webhook_deliveries`, `stripe_customers` and `user_subscriptions`.
    fn misfit(&self) -> Option<&'static str> {
        let subscription = self.subscription.as_ref();
        let texts = [
            ("id", Some(&self.id), 200),
            ("type", Some(&self.r#type), 200),
            ("customer", self.customer.as_ref(), 255),
            ("subscription", subscription.map(|subscription| &subscription.id), 255),
            ("status", subscription.and_then(|subscription| subscription.state.as_ref()).map(|state| &state.status), 40),
        ];
        let fits = |text: &String, most| (1..=most).contains(&text.len()) && !text.contains('\0');
        let misfit = texts.into_iter().find(|(_, text, most)| text.is_some_and(|text| !fits(text, *most)));
        misfit.map(|(field, ..)| field)
    }
}

impl From<SubscriptionObject> for State {
    fn from(object: SubscriptionObject) -> State {
        let periods = || object.items.data.iter().copied().chain([object.period]);
        let end = periods().filter_map(|period| period.current_period_end).max();
        // A date that was set for its end may come before that of the period.
        let cut = object.cancel_at.filter(|at| end.is_none_or(|end| *at <= end));
        let time = |moment: Option<Moment>| moment.map(|Moment(time)| time);
        State {
            period_start: time(periods().filter_map(|period| period.current_period_start).max()),
            period_end: time(cut.or(end)),
            is_ending: object.cancel_at_period_end || cut.is_some(),
            status: object.status,
        }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    small_json::from_slice(body).map_err(|error| Error::from(refusal::UNREADABLE_EVENT).because(error))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn subscription(object: &Value) -> State {
        let event = json!({"id": "evt_1", "type": "customer.subscription.updated", "created": 1_767_225_600, "livemode": true,
            "data": {"object": object}});
        match Read::new(event.to_string().as_bytes()).unwrap() {
            Read::Event(event) => event.subscription.unwrap().state.unwrap(),
            Read::Other => panic!("it says something"),
        }
    }

    #[test]
    fn a_period_is_read_where_either_version_of_the_api_has_it() {
        let mut object = json!({"id": "sub_1", "customer": "cus_1", "status": "active", "cancel_at": null});
        assert_eq!(subscription(&object).period_end, None);
        object["items"] = json!({"data": [{"current_period_start": 1_767_225_600, "current_period_end": 1_769_904_000}]});
        let newer = subscription(&object);
        object["items"] = json!({"data": [{}]});
        object["current_period_start"] = json!(1_767_225_600);
        object["current_period_end"] = json!(1_769_904_000);
        let older = subscription(&object);
        assert_eq!((newer.period_start, newer.period_end), (older.period_start, older.period_end));
        assert_eq!(older.period_end.unwrap().to_rfc3339(), "2026-02-01T00:00:00+00:00");
    }

    #[test]
    fn an_event_says_what_it_changed_and_another_what_it_does_not() {
        let item = |end: i64| json!({"data": [{"current_period_start": end - 100, "current_period_end": end}]});
        let object = json!({"id": "sub_1", "customer": "cus_1", "status": "active", "cancel_at": null, "items": item(1_200)});
        let facts = |previous: Value| {
            let data = json!({"object": object, "previous_attributes": previous});
            let event =
                json!({"id": "evt_1", "type": "customer.subscription.updated", "created": 1_000, "livemode": true, "data": data});
            let Read::Event(event) = Read::new(event.to_string().as_bytes()).unwrap() else { panic!("it says something") };
            let subscription = event.subscription.unwrap();
            (subscription.before, subscription.after.unwrap())
        };
        let after = facts(Value::Null).1;
        assert_eq!(facts(Value::Null).0, None);
        assert_eq!(facts(json!({"metadata": {"a": null}})).0, Some(after.clone()));
        let late = Facts { status: "past_due".to_owned(), ..after.clone() };
        assert_eq!(facts(json!({"status": "past_due"})).0, Some(late));
        let earlier = Facts { period_start: Some(1_000), period_end: Some(1_100), ..after.clone() };
        assert_eq!(facts(json!({"items": item(1_100)})).0, Some(earlier));
        let ending = Facts { cancel_at_period_end: true, cancel_at: Some(5), ..after.clone() };
        assert_eq!(facts(json!({"cancel_at_period_end": true, "cancel_at": 5})).0, Some(ending));
        assert_eq!(facts(json!({"status": 1, "items": {"data": 1}, "cancel_at_period_end": null})).0, Some(after));
    }

    #[test]
    fn an_end_that_was_set_is_the_end() {
        let mut object = json!({"id": "sub_1", "customer": "cus_1", "status": "active", "current_period_end": 1_769_904_000, "cancel_at": 1_769_000_000});
        let sooner = subscription(&object);
        assert_eq!((sooner.is_ending, sooner.period_end.unwrap().timestamp()), (true, 1_769_000_000));
        object["cancel_at"] = json!(1_779_904_000);
        assert!(!subscription(&object).is_ending, "it is renewed before that");
        object["cancel_at_period_end"] = json!(true);
        assert!(subscription(&object).is_ending);
    }

    #[test]
    fn what_tiers_do_not_depend_on_is_left_alone_and_what_they_do_must_be_readable() {
        for other in
            [json!({"type": "invoice.paid"}), json!({"type": "v2.core.account.updated", "created": "2026-01-01T00:00:00Z"})]
        {
            assert!(matches!(Read::new(other.to_string().as_bytes()).unwrap(), Read::Other), "{other}");
        }
        for bad in ["{", "[]", r#"{"type":"customer.subscription.updated","id":"evt_1"}"#] {
            assert_eq!(Read::new(bad.as_bytes()).unwrap_err().status(), 422, "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_stored_is_not_readable() {
        let event = json!({"id": "evt_1", "type": "customer.subscription.updated", "created": 1_767_225_600, "livemode": true,
            "data": {"object": {"id": "sub_1", "customer": "cus_1", "status": "active", "cancel_at": 1_767_225_600}}});
        let (long, nul) = (json!("x".repeat(256)), json!("a\0b"));
        for pointer in ["/id", "/data/object/id", "/data/object/customer", "/data/object/status"] {
            for bad in [&long, &nul, &json!("")] {
                let mut event = event.clone();
                *event.pointer_mut(pointer).unwrap() = bad.clone();
                assert_eq!(Read::new(event.to_string().as_bytes()).unwrap_err().status(), 422, "{pointer}: {bad}");
            }
        }
        for pointer in ["/created", "/data/object/cancel_at"] {
            for bad in [-1, 253_402_300_800_i64, i64::MAX] {
                let mut event = event.clone();
                *event.pointer_mut(pointer).unwrap() = json!(bad);
                assert_eq!(Read::new(event.to_string().as_bytes()).unwrap_err().status(), 422, "{pointer}: {bad}");
            }
        }
    }
}
