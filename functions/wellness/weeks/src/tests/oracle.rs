//! Weeks and moods of random histories, counted again by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testing::Dice;
use uuid::Uuid;

use crate::{MOODS, WEEKS};

/// Days from Monday, the 23rd of March 2026, to today, the 10th of June.
const DAYS: i64 = 80;

fn near(told: &Value, known: Option<f64>, places: f64) -> bool {
    match (told.as_f64(), known) {
        (Some(told), Some(known)) => (told - known).abs() < 0.501 / places,
        (told, known) => told.is_none() && known.is_none(),
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    (!values.is_empty()).then(|| if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) })
}

#[derive(Default)]
struct Week {
    moods: Vec<f64>,
    deltas: Vec<f64>,
    coherence: Vec<f64>,
}

#[derive(Default)]
struct Day {
    before: Vec<f64>,
    after: Vec<f64>,
    scanned: Vec<f64>,
}

#[tokio::test]
async fn weeks_and_moods_are_those_of_an_independent_count() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
    let floats = client.prepare("insert into vr_nebula_sessions (user_id, started_at, date, state, ended_at, duration_seconds, mood_before, mood_after, hrv_pre, hrv_post, resp_rate_avg)
        select $1, edge.now(), date '2026-03-23' + r.day, r.state, edge.now(), 600, r.before, r.after, r.pre, r.post, r.breaths
        from jsonb_to_recordset($2) as r (day int, state text, before smallint, after smallint, pre float8, post float8, breaths float8)").await.unwrap();
    let scans = client.prepare("insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, mood)
        select $1, 'manual', date '2026-03-23' + r.day, edge.now(), '[]', r.mood from jsonb_to_recordset($2) as r (day int, mood smallint)").await.unwrap();
    let ask = format!("select coalesce(jsonb_agg(to_jsonb(q) order by q.week), '[]') from ({}) as q", WEEKS.text());
    let ask = client.prepare(&ask.replace("$1", "null").replace("$2", "null")).await.unwrap();
    let moods = format!("select to_jsonb(q) from ({}) as q", MOODS.text().replace("$1", "null").replace("$2", "null"));
    let moods = client.prepare(&moods).await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0x3ee0_0000_0000);
        let person = Uuid::from_u64_pair(0x3ee0, seed + 1);
        let (mut weeks, mut days): (BTreeMap<i64, Week>, BTreeMap<i64, Day>) = Default::default();
        let (mut sessions, mut felt) = (Vec::new(), Vec::new());
        for _ in 0..dice.below(20) {
            let (day, state) = (dice.below(DAYS), dice.pick(&["completed", "completed", "abandoned"]));
            let [before, after] = [(); 2].map(|()| dice.maybe(|dice| dice.below(101)));
            let [pre, post] = [(); 2].map(|()| dice.maybe(|dice| 5 + dice.below(195)));
            let breaths = dice.maybe(|dice| 3 + dice.below(30));
            sessions.push(json!({"day": day, "state": state, "before": before, "after": after, "pre": pre, "post": post, "breaths": breaths}));
            let of_day = days.entry(day).or_default();
            of_day.before.extend(before.map(|mood| mood as f64));
            of_day.after.extend(after.map(|mood| mood as f64));
            if state == "completed" {
                let week = weeks.entry(day / 7).or_default();
                week.moods.extend(after.map(|mood| mood as f64 / 50.0 - 1.0));
                week.deltas.extend(pre.zip(post).map(|(pre, post)| (post - pre) as f64));
                week.coherence.extend(breaths.map(|breaths| (100.0 - 10.0 * (breaths as f64 - 5.5).abs()).max(0.0)));
            }
        }
        for _ in 0..dice.below(4) {
            let (day, mood) = (dice.below(DAYS), dice.below(101));
            felt.push(json!({"day": day, "mood": mood}));
            days.entry(day).or_default().scanned.push(mood as f64);
        }
        client.execute(&floats, &[&person, &json!(sessions)]).await.unwrap();
        client.execute(&scans, &[&person, &json!(felt)]).await.unwrap();
        client.execute("select set_config('oree.uid', $1, true)", &[&person.to_string()]).await.unwrap();
        let told: Value = client.query_one(&ask, &[]).await.unwrap().get(0);
        let told = told.as_array().unwrap();
        assert_eq!(told.len(), 12);
        for (at, row) in (0..).zip(told) {
            let week = weeks.remove(&at).unwrap_or_default();
            assert!(near(&row["mood_score"], mean(&week.moods), 1e4), "{seed} {at}: {row}");
            assert!(near(&row["hrv_stress_idx"], median(week.deltas), 1e6), "{seed} {at}: {row}");
            assert!(near(&row["coherence_avg"], mean(&week.coherence), 1e2), "{seed} {at}: {row}");
            assert!(row["mvpa_week"].is_null());
        }
        let told: Value = client.query_one(&moods, &[]).await.unwrap().get(0);
        days.retain(|day, felt| {
            *day >= DAYS - 30 && !(felt.before.is_empty() && felt.after.is_empty() && felt.scanned.is_empty())
        });
        assert_eq!(told["days"].as_array().unwrap().len(), days.len(), "{seed}: {told}");
        for (row, (day, felt)) in told["days"].as_array().unwrap().iter().zip(&days) {
            let date = chrono::NaiveDate::from_ymd_opt(2026, 3, 23).unwrap() + chrono::TimeDelta::days(*day);
            let n = felt.before.len() + felt.after.len() + felt.scanned.len();
            assert_eq!((&row["date"], &row["n"]), (&json!(date), &json!(n)), "{seed}: {told}");
            for (name, moods) in [("before", &felt.before), ("after", &felt.after), ("scanned", &felt.scanned)] {
                assert!(near(&row[name], mean(moods), 1e2), "{seed} {name}: {row}");
            }
        }
    }
    client.batch_execute("rollback").await.unwrap();
}
