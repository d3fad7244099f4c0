//! What Stripe's events make of a subscription, in any order.

use chrono::{DateTime, Days, SecondsFormat, Utc};
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::database::{Caller, Database};

/// When the events come, unless a test says otherwise.
const NOW: &str = "2026-06-01T12:00:00Z";

fn days(from: &str, days: i64) -> String {
    let from: DateTime<Utc> = from.parse().unwrap();
    let moved = match u64::try_from(days) {
        Ok(days) => from + Days::new(days),
        Err(_) => from - Days::new(days.unsigned_abs()),
    };
    moved.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// An event as the webhook hands it on.
#[derive(Clone)]
struct Event(Value);

impl Event {
    /// `was` is the status before, where the event tells it.
    fn new(id: &str, kind: &str, at: &str, (was, is): (Option<&str>, &str), period: [Option<&str>; 2]) -> Self {
        let [start, end] = period;
        let facts = |status: &str| json!({ "status": status, "period_start": start, "period_end": end });
        let state = json!({ "status": is, "period_start": start, "period_end": end, "is_ending": false });
        Self(json!({
            "id": id, "type": format!("customer.subscription.{kind}"), "created_at": at, "is_live": false, "customer": "cus",
            "user_id": null, "subscription": { "id": "sub", "state": state, "before": was.map(facts), "after": facts(is) },
        }))
    }

    fn of(mut self, subscription: &str, person: &Caller) -> Self {
        self.0["subscription"]["id"] = json!(subscription);
        self.0["user_id"] = json!(person.id());
        self
    }
}

async fn send(database: &Database, now: &str, event: &Event) -> String {
    let sent = database.call(&Caller::service(), now, "select edge.stripe_event($1::text::jsonb)", &[&event.0.to_string()]).await;
    sent["outcome"].as_str().unwrap().to_owned()
}

async fn tier(database: &Database, person: &Caller, now: &str) -> Value {
    database.call(person, now, "select to_jsonb(edge.tier(edge.uid()))", &[]).await
}

async fn ends(database: &Database, person: &Caller, now: &str) -> Value {
    database.call(person, now, "select edge.my_subscription() -> 'subscription' -> 'entitled_until'", &[]).await
}

async fn letters(owner: &Client) -> i64 {
    owner.query_one("select count(*) from outbox where payload ->> 'template' = 'subscription_ending'", &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_payment_due_in_a_paid_period_takes_nothing_and_is_written_about() {
    let (begin, end) = (days(NOW, -60), days(NOW, 305));
    for start in [Some(begin.as_str()), None] {
        let database = Database::migrated().await;
        let ada = database.person("a@example.org").await;
        let period = [start, Some(end.as_str())];
        let active = Event::new("e1", "created", &begin, (None, "active"), period).of("sub", &ada);
        send(&database, &begin, &active).await;
        send(&database, NOW, &Event::new("e2", "updated", NOW, (Some("active"), "past_due"), period)).await;
        assert_eq!(tier(&database, &ada, NOW).await, "PREMIUM", "{start:?}");
        assert_eq!(ends(&database, &ada, NOW).await, end.replace('Z', "+00:00"), "{start:?}");
        let run = "select edge.expire_subscriptions()";
        database.call(&Caller::service(), NOW, run, &[]).await;
        assert_eq!(letters(&database.owner().await).await, 1);
        send(&database, NOW, &Event::new("e3", "updated", NOW, (Some("past_due"), "unpaid"), period)).await;
        assert_eq!(tier(&database, &ada, NOW).await, "FREE", "Stripe has given up");
    }
}

#[tokio::test]
async fn a_renewal_that_is_not_paid_entitles_for_the_grace_period_whatever_is_known_of_it() {
    let (begin, end) = (days(NOW, -31), days(NOW, 30));
    let hour = "2026-06-01T13:00:00Z";
    for period in [[Some(NOW), Some(end.as_str())], [None, Some(end.as_str())], [None, None]] {
        let database = Database::migrated().await;
        let ada = database.person("a@example.org").await;
        let first = [Some(begin.as_str()), Some(NOW)];
        send(&database, &begin, &Event::new("e1", "created", &begin, (None, "active"), first).of("sub", &ada)).await;
        send(&database, NOW, &Event::new("e2", "updated", NOW, (Some("active"), "active"), period)).await;
        assert_eq!(tier(&database, &ada, NOW).await, "PREMIUM");
        send(&database, hour, &Event::new("e3", "updated", hour, (Some("active"), "past_due"), period)).await;
        assert_eq!(ends(&database, &ada, hour).await, "2026-06-08T13:00:00+00:00", "{period:?}");
        // The payment is still due when the subscription is told of again.
        let later = days(hour, 3);
        send(&database, &later, &Event::new("e4", "updated", &later, (Some("past_due"), "past_due"), period)).await;
        assert_eq!(ends(&database, &ada, &later).await, "2026-06-08T13:00:00+00:00", "{period:?}");
    }
}

#[tokio::test]
async fn what_was_paid_for_stays_paid_where_another_period_begins_and_is_not() {
    let database = Database::migrated().await;
    let ada = database.person("a@example.org").await;
    let (begin, end) = (days(NOW, -60), days(NOW, 305));
    let year = [Some(begin.as_str()), Some(end.as_str())];
    send(&database, &begin, &Event::new("e1", "created", &begin, (None, "active"), year).of("sub", &ada)).await;
    // A dearer price from today on, whose first payment fails.
    let new_end = days(NOW, 365);
    let anew = [Some(NOW), Some(new_end.as_str())];
    send(&database, NOW, &Event::new("e2", "updated", NOW, (Some("active"), "past_due"), anew)).await;
    assert_eq!(ends(&database, &ada, NOW).await, end.replace('Z', "+00:00"));
}

/// The law behind both: whatever a payment is due for, and however late we hear of it.
#[tokio::test]
async fn nobody_loses_anything_at_the_moment_at_which_a_payment_is_due() {
    let database = Database::migrated().await;
    let ada = database.person("a@example.org").await;
    let owner = database.owner().await;
    for (index, (start, end, heard)) in
        [(-400, -35, 0), (-60, 305, 0), (-60, 305, 10), (0, 30, 0), (0, 30, 20), (-29, 1, 0)].into_iter().enumerate()
    {
        owner.batch_execute("delete from user_subscriptions").await.unwrap();
        let (start, end, now) = (days(NOW, start), days(NOW, end), days(NOW, heard));
        let event = Event::new(&format!("e{index}"), "updated", NOW, (Some("active"), "past_due"), [Some(&start), Some(&end)]);
        send(&database, &now, &event.of("sub", &ada)).await;
        let week = days(&now, 7).replace('Z', "+00:00");
        assert!(ends(&database, &ada, &now).await.as_str().unwrap() >= week.as_str(), "{index}");
    }
}

/// What an event is called, the status that it says was before, where it does, and the status after it.
type Told = (&'static str, Option<&'static str>, &'static str);

/// Every order of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    (0..count).fold(vec![Vec::new()], |orders, number| {
        let with = |order: Vec<usize>| (0..=order.len()).map(move |place| [&order[..place], &[number], &order[place..]].concat());
        orders.into_iter().flat_map(with).collect()
    })
}

#[tokio::test]
async fn events_of_one_second_follow_each_other_as_they_say_whatever_their_ids_and_order() {
    let period = [Some("2026-05-20T10:00:00Z"), Some("2026-06-20T10:00:00Z")];
    let (before, second) = ("2026-05-22T11:00:00Z", "2026-05-25T11:00:00Z");
    // What the second begins with, and its events as (kind, before, after): the last is what stays.
    let seconds: [(&str, &[Told]); 8] = [
        ("past_due", &[("updated", Some("past_due"), "active")]),
        ("active", &[("updated", Some("active"), "past_due"), ("updated", Some("past_due"), "active")]),
        ("past_due", &[("updated", Some("past_due"), "active"), ("updated", Some("active"), "past_due")]),
        ("", &[("created", None, "incomplete"), ("updated", Some("incomplete"), "active")]),
        ("", &[("updated", Some("active"), "past_due"), ("updated", Some("past_due"), "active")]),
        ("trialing", &[("trial_will_end", None, "trialing"), ("updated", Some("trialing"), "active")]),
        ("trialing", &[("trial_will_end", None, "active"), ("updated", Some("trialing"), "past_due")]),
        (
            "active",
            &[
                ("updated", Some("active"), "past_due"),
                ("updated", Some("past_due"), "active"),
                ("updated", Some("active"), "active"),
                ("updated", Some("active"), "unpaid"),
            ],
        ),
    ];
    let check = async |(begins, told): (&str, &[Told])| {
        let database = Database::migrated().await;
        let ada = database.person("a@example.org").await;
        let owner = database.owner().await;
        let mut id = 0;
        // A few of the many ways to name four events are enough.
        for names in orders(told.len()).into_iter().step_by(if told.len() > 3 { 7 } else { 1 }) {
            for order in orders(told.len()) {
                owner.batch_execute("delete from user_subscriptions").await.unwrap();
                id += 1;
                if !begins.is_empty() {
                    let event = Event::new(&format!("e{id}-"), "updated", before, (None, begins), period);
                    send(&database, NOW, &event.of("sub", &ada)).await;
                }
                for index in &order {
                    let (kind, was, is) = told[*index];
                    let event = Event::new(&format!("e{id}-{}", names[*index]), kind, second, (was, is), period);
                    send(&database, NOW, &event.of("sub", &ada)).await;
                }
                let status: String = owner.query_one("select status from user_subscriptions", &[]).await.unwrap().get(0);
                assert_eq!(status, told[told.len() - 1].2, "{begins} {told:?}, ids {names:?}, order {order:?}");
            }
        }
        database
    };
    // To drop a database blocks this thread, and waits for whoever is signing in on it: so none is dropped before the end.
    stream::iter(seconds).map(check).buffer_unordered(4).collect::<Vec<_>>().await;
}

#[tokio::test]
async fn whom_a_subscription_is_for_is_a_matter_of_the_subscription() {
    let period = [Some("2026-05-20T10:00:00Z"), Some("2026-06-20T10:00:00Z")];
    for order in orders(4) {
        let database = Database::migrated().await;
        let (ada, bob) = (database.person("a@example.org").await, database.person("b@example.org").await);
        let active = |id: &str, at: &str| Event::new(id, "updated", at, (None, "active"), period);
        let mut checkout = active("e4", "2026-05-20T10:00:02Z").of("sub-c", &ada);
        checkout.0["type"] = json!("checkout.session.completed");
        for member in ["state", "before", "after"] {
            checkout.0["subscription"][member] = Value::Null;
        }
        let mut unnamed = active("e3", "2026-05-20T10:00:03Z");
        unnamed.0["subscription"]["id"] = json!("sub-c");
        let events = [
            active("e1", "2026-05-20T10:00:00Z").of("sub-a", &ada),
            active("e2", "2026-05-21T10:00:00Z").of("sub-b", &bob),
            unnamed,
            checkout,
        ];
        for index in &order {
            send(&database, NOW, &events[*index]).await;
        }
        for person in [&ada, &bob] {
            assert_eq!(tier(&database, person, NOW).await, "PREMIUM", "{order:?}");
        }
        let owner = database.owner().await;
        let people = "select array_agg(user_id order by subscription) from user_subscriptions";
        let people: Vec<uuid::Uuid> = owner.query_one(people, &[]).await.unwrap().get(0);
        assert_eq!(people, [ada.id(), bob.id(), ada.id()], "{order:?}");
        // The one who goes takes nothing of the other's along.
        owner.execute("delete from users where id = $1", &[&bob.id()]).await.unwrap();
        assert_eq!(tier(&database, &ada, NOW).await, "PREMIUM");
    }
}
