//! The life of a session, lived twice: random acts at random moments, told by `edge.session_next` and by the model here, in which
//! everything is seconds since the session began.
//!
//! `ORACLE_HISTORIES` says how many lives; 300 where it does not.

use serde_json::{Value, json};

use testing::Dice;

const DAY: i64 = 86_400;
/// No session counts for longer.
const MOST: i64 = 90_000;

#[derive(Clone, Debug, Default, PartialEq)]
struct Life {
    state: &'static str,
    beat: i64,
    elapsed: i64,
    paused_at: Option<i64>,
    paused: i64,
    ended: Option<i64>,
    duration: i64,
    told: Option<i64>,
    mood_after: Option<i64>,
    last: Option<Value>,
}

impl Life {
    /// What an act makes of it, or the code of the refusal.
    fn next(&self, act: &str, sent: &Value, moment: i64) -> Result<Life, &'static str> {
        let mut next = self.clone();
        let get = |name: &str| sent[name].as_i64();
        let is_open = |life: &Life| matches!(life.state, "started" | "paused");
        if is_open(&next) && moment >= next.beat + DAY {
            let resting = next.paused_at.map_or(0, |at| (next.beat - at).max(0));
            next.duration = (next.beat - next.paused - resting).clamp(0, MOST);
            (next.state, next.ended, next.paused_at) = ("expired", Some(next.beat + DAY), None);
        }
        let content = {
            let mut content = sent.clone();
            content.as_object_mut().unwrap().remove("notes");
            content
        };
        match (act, next.state) {
            ("complete", "completed") => return if next.last == Some(content) { Ok(next) } else { Err("completed_otherwise") },
            ("abandon", "abandoned") => return Ok(next),
            ("change", "completed" | "abandoned" | "expired") => {
                let only_late = sent.as_object().unwrap().keys().all(|name| name == "mood_after");
                if !only_late || sent.as_object().unwrap().is_empty() || moment > next.ended.unwrap() + DAY {
                    return Err("session_ended");
                }
                next.mood_after = get("mood_after");
                return Ok(next);
            }
            ("complete", "expired") if get("completed_at").is_some_and(|at| at < next.ended.unwrap()) => {}
            (_, "completed" | "abandoned" | "expired") => return Err("session_ended"),
            _ => {}
        }
        if let Some(told) = get("elapsed_seconds") {
            next.elapsed = next.elapsed.max(told.min(moment.max(0) + 60));
        }
        if act == "change" {
            next.mood_after = get("mood_after").or(next.mood_after);
            next.beat = next.beat.max(moment);
            match (next.state, sent["paused"].as_bool()) {
                ("paused", Some(false)) => {
                    next.paused += (moment - next.paused_at.unwrap()).max(0);
                    (next.state, next.paused_at) = ("started", None);
                }
                ("started", Some(true)) => (next.state, next.paused_at) = ("paused", Some(moment)),
                _ => {}
            }
            return Ok(next);
        }
        let ended = get("completed_at").unwrap_or(moment);
        if ended < 0 {
            return Err("date_too_old");
        } else if ended > moment + 300 {
            return Err("date_in_future");
        }
        let clock = (ended - next.paused - next.paused_at.map_or(0, |at| (ended - at).max(0))).clamp(0, MOST);
        let seconds = match get("duration_seconds") {
            Some(told) => told,
            None if next.elapsed > 0 => next.elapsed,
            None => clock,
        };
        let seconds = seconds.min(ended.min(MOST) + 60);
        if act == "complete" && seconds < 1 {
            return Err("not_allowed");
        }
        next.state = if act == "complete" { "completed" } else { "abandoned" };
        (next.ended, next.paused_at, next.duration, next.told) = (Some(ended), None, seconds, get("duration_seconds"));
        next.mood_after = get("mood_after").or(next.mood_after);
        next.last = Some(content);
        Ok(next)
    }
}

fn moment(seconds: i64) -> String {
    let began = "2026-06-10T12:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    (began + chrono::TimeDelta::seconds(seconds)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Moments of what was sent, as the wire has them.
fn on_the_wire(sent: &Value) -> Value {
    let mut sent = sent.clone();
    if let Some(at) = sent["completed_at"].as_i64() {
        sent["completed_at"] = json!(moment(at));
    }
    sent
}

fn same(row: &Value, life: &Life) -> bool {
    let at = |name: &str, seconds: Option<i64>| match (row[name].as_str(), seconds) {
        (Some(text), Some(seconds)) => {
            text.parse::<chrono::DateTime<chrono::Utc>>().unwrap()
                == moment(seconds).parse::<chrono::DateTime<chrono::Utc>>().unwrap()
        }
        (told, known) => told.is_none() && known.is_none(),
    };
    row["state"] == life.state
        && at("last_beat_at", Some(life.beat))
        && at("paused_at", life.paused_at)
        && at("ended_at", life.ended)
        && row["elapsed_seconds"] == life.elapsed
        && row["paused_seconds"] == life.paused
        && row["duration_seconds"] == life.duration
        && row["told_seconds"] == json!(life.told)
        && row["mood_after"] == json!(life.mood_after)
}

#[tokio::test]
async fn the_life_of_a_session_is_that_of_an_independent_model() {
    let lives = testing::histories();
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    let ask = client.prepare("select edge.session_next($1::jsonb, $2, $3::jsonb, $4::text::timestamptz)").await.unwrap();
    let (mut acts, mut refused) = (0, 0);
    for seed in 0..lives {
        let mut dice = Dice(seed * 31 + 7);
        let mut life = Life { state: "started", ..Life::default() };
        let mut row = json!({"state": "started", "started_at": moment(0), "last_beat_at": moment(0), "elapsed_seconds": 0, "paused_at": null,
            "paused_seconds": 0, "ended_at": null, "duration_seconds": 0, "told_seconds": null, "mood_after": null, "last": null});
        let mut now = 0;
        for _ in 0..dice.below(9) + 1 {
            now += match dice.below(4) {
                0 => dice.below(120),
                1 | 2 => dice.below(4000),
                _ => dice.below(2 * DAY),
            };
            let act = dice.pick(&["change", "change", "change", "complete", "complete", "abandon"]);
            let mut sent = json!({});
            if dice.below(2) == 0 {
                sent["elapsed_seconds"] = json!(dice.below(5000));
            }
            if dice.below(3) == 0 {
                sent["mood_after"] = json!(dice.below(3));
            }
            if act == "change" && dice.below(2) == 0 {
                sent["paused"] = json!(dice.below(2) == 0);
            }
            if act != "change" {
                if dice.below(2) == 0 {
                    sent["duration_seconds"] = json!(dice.below(6000));
                }
                if dice.below(2) == 0 {
                    sent["completed_at"] = json!(now - 3000 + dice.below(3400));
                }
                // The same again, as a device does that was not answered.
                if let Some(last) = life.last.clone().filter(|_| dice.below(2) == 0) {
                    sent = last;
                }
            }
            let told = client.query_one(&ask, &[&row, &act, &on_the_wire(&sent), &moment(now)]).await;
            let context = format!("life {seed}: {act} {sent} at {now}, after {life:?}");
            acts += 1;
            match (told, life.next(act, &sent, now)) {
                (Ok(told), Ok(next)) => {
                    let told: Value = told.get(0);
                    assert!(same(&told, &next), "{context}: {told} is not {next:?}");
                    (row, life) = (told, next);
                }
                (Err(error), Err(code)) => {
                    refused += 1;
                    assert_eq!(error.as_db_error().map(|error| error.message()), Some(code), "{context}");
                }
                (told, next) => panic!("{context}: {told:?}, but {next:?}"),
            }
        }
    }
    println!("{lives} lives, {acts} acts, {refused} refused");
}
