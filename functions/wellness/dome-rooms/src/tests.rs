use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

const BASE: &str = "/wellness/dome-rooms";

async fn call(now: &str, by: &Person, method: &str, path: &str, body: Value) -> Answer {
    App::native(&FUNCTION).at(now).call(method, path).by(by).json(body).send().await
}

/// A room's path, and what others join by.
async fn room(host: &Person, seats: i32) -> (String, Value) {
    let opened = call("2026-06-10T12:00:00Z", host, "POST", BASE, json!({"seats": seats, "intensity": "moderate"})).await;
    assert_eq!(
        (opened.status, &opened.json()["state"], &opened.json()["people"]),
        (201, &json!("open"), &json!(0)),
        "{opened:?}"
    );
    (format!("{BASE}/{}", opened.json()["id"].as_str().unwrap()), opened.json()["invitation"].clone())
}

async fn post(by: &Person, path: &str, act: &str, body: Value) -> Answer {
    let now = if act == "leave" { "2026-06-10T12:15:00Z" } else { "2026-06-10T12:10:00Z" };
    call(now, by, "POST", &[path, "/", act].concat(), body).await
}

fn ends(answer: &Answer, status: u16, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (status, code), "{answer:?}");
}

#[tokio::test]
async fn people_join_leave_and_the_room_closes_behind_the_last_one() {
    let (host, ada, bob) = (Person::new().await, Person::new().await, Person::new().await);
    let (path, invitation) = room(&host, 2).await;
    let get = async |by: &Person| App::native(&FUNCTION).at("2026-06-10T12:05:00Z").get(&path).by(by).send().await;
    ends(&post(&ada, &path, "leave", json!({})).await, 404, "not_found");
    let joined = post(&ada, &path, "join", json!({"invitation": invitation, "shares": true, "mood_before": 40})).await.json();
    let again = post(&ada, &path, "join", json!({"shares": true})).await.json();
    assert_eq!((&again, &joined["people"], &joined["is_host"]), (&joined, &json!(1), &json!(false)));
    assert_eq!(post(&host, &path, "join", json!({})).await.json()["people"], 2);
    ends(&post(&bob, &path, "join", json!({"invitation": invitation})).await, 409, "limit_reached");
    for other in [json!({}), json!({"invitation": uuid::Uuid::nil()})] {
        ends(&post(&bob, &path, "join", other).await, 404, "not_found");
    }
    for act in ["run", "close"] {
        ends(&post(&bob, &path, act, json!({})).await, 404, "not_found");
    }
    for act in ["run", "close"] {
        ends(&post(&ada, &path, act, json!({})).await, 403, "forbidden");
    }
    assert_eq!(post(&host, &path, "run", json!({})).await.json()["state"], "running");
    let left = post(&ada, &path, "leave", json!({"hr_mean": 61.5, "valence": 0.5, "mood_after": 70})).await.json();
    assert_eq!((&left["people"], &left["state"]), (&json!(1), &json!("running")));
    let session = "select state, hr_mean, valence, mood_delta, session_id::text from vr_dome_sessions where user_id = $1";
    let session = testing::database().await.query_one(session, &[&ada.id]).await.unwrap();
    assert_eq!(
        (session.get::<_, &str>(0), session.get::<_, f64>(1), session.get::<_, f64>(2), session.get::<_, i16>(3)),
        ("completed", 61.5, 0.5, 30)
    );
    assert!(path.ends_with(session.get::<_, &str>(4)));
    let closed = post(&host, &path, "leave", json!({})).await.json();
    assert_eq!((&closed["state"], &closed["group"]), (&json!("closed"), &Value::Null), "two are no group: {closed}");
    ends(&get(&bob).await, 404, "not_found");
    assert_eq!(get(&ada).await.json()["own_session"], left["own_session"]);
    for act in ["join", "run"] {
        ends(&post(&host, &path, act, json!({})).await, 409, "room_closed");
    }
    ends(&call("2026-06-10T12:00:00Z", &ada, "GET", &format!("{BASE}/{}", uuid::Uuid::nil()), json!({})).await, 404, "not_found");
    for act in ["join", "run", "close"] {
        ends(&post(&ada, &format!("{BASE}/{}", uuid::Uuid::nil()), act, json!({})).await, 404, "not_found");
    }
}

#[tokio::test]
async fn a_group_is_told_of_once_where_five_agreed() {
    let host = Person::new().await;
    for (sharing, told) in [(4, false), (5, true)] {
        let (path, invitation) = room(&host, 12).await;
        for n in 0..6 {
            let one = Person::new().await;
            post(&one, &path, "join", json!({"invitation": invitation, "shares": n < sharing})).await;
            // 60, 62, 64, 66, 68: a standard deviation of the square root of 8. Who does not share is far away.
            let heart = if n < sharing { 60.0 + 2.0 * f64::from(n) } else { 200.0 };
            let left = post(&one, &path, "leave", json!({"hr_mean": heart, "valence": 0.25})).await.json();
            assert_eq!(left["group"], Value::Null, "not before it is closed");
        }
        let group = post(&host, &path, "close", json!({})).await.json()["group"].clone();
        let known = json!({"contributors": 5, "synchrony_idx": 2.8, "team_pa": 0.3});
        assert_eq!(group, if told { known.clone() } else { Value::Null });
        let owner = testing::database().await;
        let gone = "delete from vr_dome_sessions where session_id::text = right($1, 36)";
        assert_eq!(owner.execute(gone, &[&path]).await.unwrap(), 6);
        let after = post(&host, &path, "close", json!({})).await.json()["group"].clone();
        assert_eq!(after, if told { known } else { Value::Null }, "what is deleted afterwards tells nothing of who it was");
    }
}

#[tokio::test]
async fn a_session_that_expired_leaves_no_trace_in_a_room_and_five_are_open_at_most() {
    let ada = Person::new().await;
    let (path, _) = room(&ada, 4).await;
    post(&ada, &path, "join", json!({})).await;
    let late = call("2026-06-12T12:00:00Z", &ada, "POST", &format!("{path}/leave"), json!({})).await;
    ends(&late, 409, "session_ended");
    for _ in 2..=5 {
        room(&ada, 4).await;
    }
    let sixth = call("2026-06-10T12:00:00Z", &ada, "POST", BASE, json!({})).await;
    ends(&sixth, 409, "limit_reached");
}
