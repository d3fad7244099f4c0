use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::DateTime;
use edge::auth;
use futures::{StreamExt, stream};
use proptest::prelude::{Just, ProptestConfig, Strategy};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

use super::FUNCTION;

const NOW: &str = "2026-06-01T12:00:00Z";

fn seconds(time: &str) -> i64 {
    DateTime::parse_from_rfc3339(time).unwrap().timestamp()
}

fn signature(body: &str, time: i64) -> String {
    signature_under(&variable("STRIPE_WEBHOOK_SECRET"), body, time)
}

/// `Stripe-Signature` as Stripe's documentation makes it.
fn signature_under(secret: &str, body: &str, time: i64) -> String {
    let mac = BASE64_URL_SAFE_NO_PAD.decode(auth::seal(secret.as_bytes(), &format!("{time}.{body}")));
    let hex = mac.unwrap().iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    format!("t={time},v1={hex}")
}

async fn send(event: &Value) -> Answer {
    send_to(&App::native(&FUNCTION).at(NOW), seconds(NOW), event).await
}

async fn send_to(app: &App, time: i64, event: &Value) -> Answer {
    send_under(&variable("STRIPE_WEBHOOK_SECRET"), app, time, event).await
}

async fn send_under(secret: &str, app: &App, time: i64, event: &Value) -> Answer {
    let body = event.to_string();
    let call = app.post("/webhooks/stripe").header("stripe-signature", &signature_under(secret, &body, time));
    call.body("application/json; charset=utf-8", body.as_bytes()).send().await
}

async fn outcome(event: &Value) -> String {
    let answer = send(event).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["outcome"].as_str().unwrap().to_owned()
}

fn unique() -> String {
    auth::random_uuid().unwrap().simple().to_string()
}

/// Somebody with a customer and a subscription of their own.
struct Customer {
    person: Person,
    key: String,
}

impl Customer {
    async fn new() -> Customer {
        Customer { person: Person::new().await, key: unique() }
    }

    fn event(&self, kind: &str, created: &str, object: &Value) -> Value {
        json!({
            "id": format!("evt_{}", unique()), "object": "event", "api_version": "2026-04-22.dahlia", "type": kind,
            "created": seconds(created), "livemode": false, "pending_webhooks": 1, "data": {"object": object},
        })
    }

    fn checkout(&self, created: &str) -> Value {
        let session = json!({"id": "cs_1", "object": "checkout.session", "customer": format!("cus_{}", self.key),
            "client_reference_id": self.person.id, "subscription": format!("sub_{}", self.key)});
        self.event("checkout.session.completed", created, &session)
    }

    fn subscription(&self, kind: &str, created: &str, status: &str, period: [&str; 2]) -> Value {
        let [start, end] = period.map(seconds);
        let object = json!({
            "id": format!("sub_{}", self.key), "object": "subscription", "customer": format!("cus_{}", self.key),
            "status": status, "cancel_at_period_end": false, "cancel_at": null, "metadata": {},
            "items": {"object": "list", "data": [{"id": "si_1", "current_period_start": start, "current_period_end": end}]},
        });
        self.event(&["customer.subscription.", kind].concat(), created, &object)
    }

    /// From checkout to the first renewal, which is paid at the second attempt. Two events have the same second.
    fn lifecycle(&self) -> Vec<Value> {
        const FIRST: [&str; 2] = ["2026-04-20T10:00:00Z", "2026-05-20T10:00:00Z"];
        const SECOND: [&str; 2] = ["2026-05-20T10:00:00Z", "2026-06-20T10:00:00Z"];
        vec![
            self.checkout("2026-04-20T10:00:05Z"),
            self.subscription("created", "2026-04-20T10:00:00Z", "incomplete", FIRST),
            self.subscription("updated", "2026-04-20T10:00:00Z", "active", FIRST),
            self.subscription("updated", "2026-05-20T11:00:00Z", "past_due", SECOND),
            self.subscription("updated", "2026-05-22T11:00:00Z", "active", SECOND),
        ]
    }

    /// Status, end of the period, and tier.
    async fn state(&self) -> (Option<String>, Option<i64>, String) {
        let select = "select s.status, extract(epoch from s.period_end)::bigint, edge.tier(u.id)
                      from users u
                      left join user_subscriptions s on s.user_id = u.id
                      where u.id = $1";
        let owner = database().await;
        owner.batch_execute(&format!("select set_config('oree.now', '{NOW}', false)")).await.unwrap();
        let row = owner.query_one(select, &[&self.person.id]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }
}

/// Every order of some things.
fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |index: usize| {
        let mut rest = items.to_vec();
        let first = rest.remove(index);
        permutations(&rest).into_iter().map(move |tail| [vec![first.clone()], tail].concat())
    };
    (0..items.len()).flat_map(with_first).collect()
}

#[tokio::test]
async fn a_subscription_makes_its_customer_premium_and_the_log_says_so() {
    let ada = Customer::new().await;
    for event in ada.lifecycle() {
        assert_eq!(outcome(&event).await, "applied");
    }
    let end = seconds("2026-06-20T10:00:00Z");
    assert_eq!(ada.state().await, (Some("active".to_owned()), Some(end), "PREMIUM".to_owned()));
    let logged = "select count(*) from audit_logs where user_id = $1 and action = 'subscriptions.changed'";
    assert!(database().await.query_one(logged, &[&ada.person.id]).await.unwrap().get::<_, i64>(0) > 0);
}

#[tokio::test]
async fn every_order_of_a_lifecycle_ends_the_same() {
    let end = seconds("2026-06-20T10:00:00Z");
    let orders = permutations(&[0, 1, 2, 3, 4]);
    assert_eq!(orders.len(), 120);
    let check = async |order: Vec<usize>| {
        let ada = Customer::new().await;
        let events = ada.lifecycle();
        for index in &order {
            assert_ne!(outcome(&events[*index]).await, "duplicate");
        }
        assert_eq!(ada.state().await, (Some("active".to_owned()), Some(end), "PREMIUM".to_owned()), "{order:?}");
    };
    stream::iter(orders).for_each_concurrent(8, check).await;
}

#[tokio::test]
async fn repeated_and_shuffled_events_up_to_the_end_of_a_subscription_end_the_same() {
    let mut runner = TestRunner::new(ProptestConfig::default());
    let twice: Vec<usize> = (0..6).chain(0..6).collect();
    let orders = Just(twice).prop_shuffle();
    for _ in 0..24 {
        let order = orders.new_tree(&mut runner).unwrap().current();
        let ada = Customer::new().await;
        let mut events = ada.lifecycle();
        let period = ["2026-05-20T10:00:00Z", "2026-06-20T10:00:00Z"];
        // In the same second as the update before it.
        events.push(ada.subscription("deleted", "2026-05-22T11:00:00Z", "canceled", period));
        for (position, index) in order.iter().enumerate() {
            let is_known = order[..position].contains(index);
            assert_eq!(outcome(&events[*index]).await == "duplicate", is_known, "{order:?}");
        }
        let end = seconds("2026-06-20T10:00:00Z");
        assert_eq!(ada.state().await, (Some("canceled".to_owned()), Some(end), "FREE".to_owned()), "{order:?}");
    }
}

#[tokio::test]
async fn events_of_one_second_follow_each_other_as_their_previous_attributes_say() {
    const PERIOD: [&str; 2] = ["2026-05-20T10:00:00Z", "2026-06-20T10:00:00Z"];
    for order in permutations(&[0, 1, 2]) {
        let ada = Customer::new().await;
        outcome(&ada.checkout("2026-05-20T10:00:05Z")).await;
        outcome(&ada.subscription("created", "2026-05-20T10:00:00Z", "active", PERIOD)).await;
        let update = |status: &str, previous: Value| {
            let mut event = ada.subscription("updated", "2026-05-22T11:00:00Z", status, PERIOD);
            event["data"]["previous_attributes"] = previous;
            event
        };
        let events = [
            update("past_due", json!({"status": "active", "latest_invoice": "in_1"})),
            update("active", json!({"status": "past_due"})),
            ada.subscription("trial_will_end", "2026-05-22T11:00:00Z", "trialing", PERIOD),
        ];
        for index in &order {
            outcome(&events[*index]).await;
        }
        let (status, _, tier) = ada.state().await;
        assert_eq!((status.as_deref(), tier.as_str()), (Some("active"), "PREMIUM"), "{order:?}");
    }
}

#[tokio::test]
async fn a_checkout_says_whom_its_subscription_is_for_and_nothing_of_the_customers_others() {
    const PERIOD: [&str; 2] = ["2026-05-20T10:00:00Z", "2026-06-20T10:00:00Z"];
    let ada = Customer::new().await;
    outcome(&ada.checkout("2026-05-20T10:00:05Z")).await;
    outcome(&ada.subscription("created", "2026-05-20T10:00:00Z", "active", PERIOD)).await;
    // The same customer pays for somebody else.
    let bob = Person::new().await;
    let mut other = ada.checkout("2026-05-21T10:00:05Z");
    other["data"]["object"]["client_reference_id"] = json!(bob.id);
    other["data"]["object"]["subscription"] = json!(format!("sub_{}", unique()));
    assert_eq!(outcome(&other).await, "applied");
    assert_eq!(ada.state().await.2, "PREMIUM");
}

#[tokio::test]
async fn an_event_that_comes_twice_at_once_is_applied_once() {
    let ada = Customer::new().await;
    let event = ada.checkout(NOW);
    let (one, other) = tokio::join!(outcome(&event), outcome(&event));
    let mut both = [one, other];
    both.sort();
    assert_eq!(both, ["applied", "duplicate"]);
}

#[tokio::test]
async fn a_customer_is_known_by_the_subscriptions_own_metadata_too() {
    let ada = Customer::new().await;
    let mut event = ada.subscription("created", NOW, "trialing", [NOW, "2026-07-01T12:00:00Z"]);
    event["data"]["object"]["metadata"] = json!({"user_id": ada.person.id, "campaign": "spring"});
    assert_eq!(outcome(&event).await, "applied");
    assert_eq!(ada.state().await.2, "PREMIUM");
}

#[tokio::test]
async fn somebody_who_was_erased_stays_erased() {
    let ada = Customer::new().await;
    let events = ada.lifecycle();
    outcome(&events[0]).await;
    outcome(&events[2]).await;
    let owner = database().await;
    owner.execute("delete from users where id = $1", &[&ada.person.id]).await.unwrap();
    let left = "select count(*) from user_subscriptions where subscription = $1";
    let subscription = format!("sub_{}", ada.key);
    assert_eq!(owner.query_one(left, &[&subscription]).await.unwrap().get::<_, i64>(0), 0);
    let mut late = ada.checkout("2026-05-01T10:00:00Z");
    late["id"] = json!(format!("evt_{}", unique()));
    assert_ne!(outcome(&late).await, "duplicate");
    assert_eq!(outcome(&events[4]).await, "applied");
}

#[tokio::test]
async fn what_tiers_do_not_depend_on_is_answered_and_forgotten() {
    let ada = Customer::new().await;
    let event = ada.event("invoice.paid", NOW, &json!({"id": "in_1"}));
    for _ in 0..2 {
        assert_eq!(outcome(&event).await, "ignored");
    }
}

#[tokio::test]
async fn test_and_live_mode_never_mix() {
    let ada = Customer::new().await;
    let (test, mut live) = (ada.checkout(NOW), ada.checkout(NOW));
    live["livemode"] = json!(true);
    let refused = send(&live).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "wrong_mode"));
    // Nobody moves the clock of production.
    const REAL: &str = "whsec_5b1f0c9d3e7a2486f0d9c1b2a3e4f567";
    let now = testing::now().timestamp();
    let production = App::native(&FUNCTION).with("STAGE", "production").with("STRIPE_WEBHOOK_SECRET", REAL);
    let refused = send_under(REAL, &production, now, &test).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "wrong_mode"), "{refused:?}");
    assert_eq!(send_under(REAL, &production, now, &live).await.status, 200);
}

#[tokio::test]
async fn without_a_good_signature_nothing_happens() {
    let ada = Customer::new().await;
    let body = ada.checkout(NOW).to_string();
    let good = signature(&body, seconds(NOW));
    let other = App::native(&FUNCTION).at(NOW).with("STRIPE_WEBHOOK_SECRET", "whsec_another");
    let none = App::native(&FUNCTION).at(NOW).with("STRIPE_WEBHOOK_SECRET", "");
    let here = App::native(&FUNCTION).at(NOW);
    let late = signature(&body, seconds(NOW) - 301);
    for (app, header, status) in [
        (&here, "", 401),
        (&here, "t=1,v1=00", 401),
        (&here, late.as_str(), 401),
        (&other, good.as_str(), 401),
        (&none, good.as_str(), 503),
    ] {
        let call = app.post("/webhooks/stripe").header("stripe-signature", header).body("application/json", body.as_bytes());
        let answer = call.send().await;
        assert_eq!(answer.status, status, "{header}: {answer:?}");
    }
    let changed = body.replace("checkout.session.completed", "checkout.session.completed ");
    let call = here.post("/webhooks/stripe").header("stripe-signature", &good).body("application/json", changed.as_bytes());
    assert_eq!(call.send().await.code(), "bad_signature");
    assert_eq!(ada.state().await, (None, None, "FREE".to_owned()));
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_sent_again() {
    let answer = send(&json!({"id": "evt_x", "type": "customer.subscription.updated"})).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "unreadable_event"));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_what_just_fits_is_not() {
    const PERIOD: [&str; 2] = ["2026-04-20T10:00:00Z", "2026-05-20T10:00:00Z"];
    let long = |length: usize| [unique(), "x".repeat(length - 32)].concat();
    let with = async |pointer: &str, value: Value| {
        let mut event = Customer::new().await.subscription("updated", NOW, "active", PERIOD);
        *event.pointer_mut(pointer).unwrap() = value;
        send(&event).await
    };
    for (pointer, most) in [("/id", 200), ("/data/object/id", 255), ("/data/object/customer", 255), ("/data/object/status", 40)] {
        assert_eq!(with(pointer, json!(long(most))).await.status, 200, "{pointer}");
        for bad in [long(most + 1), String::new(), "a\0b".to_owned()] {
            let answer = with(pointer, json!(bad)).await;
            assert_eq!((answer.status, answer.code().as_str()), (422, "unreadable_event"), "{pointer}: {bad:?}");
        }
    }
    let kind = ["customer.subscription.", &"x".repeat(179)].concat();
    assert_eq!(with("/type", json!(kind)).await.status, 422);
    for pointer in [
        "/created",
        "/data/object/items/data/0/current_period_start",
        "/data/object/items/data/0/current_period_end",
        "/data/object/cancel_at",
    ] {
        for seconds in [-1, 253_402_300_800_i64] {
            assert_eq!(with(pointer, json!(seconds)).await.status, 422, "{pointer}: {seconds}");
        }
    }
    let mut checkout = Customer::new().await.checkout(NOW);
    checkout["data"]["object"]["customer"] = json!("");
    assert_eq!(send(&checkout).await.status, 422);
}

#[tokio::test]
async fn in_production_what_dev_signs_with_opens_nothing() {
    let event = Customer::new().await.checkout(NOW);
    for weak in [variable("STRIPE_WEBHOOK_SECRET").as_str(), "whsec_simulated", "x"] {
        let app = App::native(&FUNCTION).with("STAGE", "production").with("STRIPE_WEBHOOK_SECRET", weak);
        let answer = send_to(&app, testing::now().timestamp(), &event).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "misconfigured"), "{weak}: {answer:?}");
    }
}
