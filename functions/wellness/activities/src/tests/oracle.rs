//! Usage and achievements of random histories, counted again by hand.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use testing::Dice;
use uuid::Uuid;

use crate::USAGE;

/// A day's activities of a module: how many days back, of which module, how many, how many of them have a duration, seconds together.
type Line = (i64, &'static str, i64, i64, i64);

#[tokio::test]
async fn usage_is_that_of_an_independent_count_of_detail_and_totals() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
    let detail = client.prepare("insert into user_activities (user_id, activity_type, module_name, duration_seconds, occurred_at, date, month)
        select $1, 'x', r.module, r.seconds, edge.now(), date '2026-06-10' - r.back, extract(month from date '2026-06-10' - r.back)
        from jsonb_to_recordset($2) as r (back int, module text, seconds int)").await.unwrap();
    let totals = client
        .prepare(
            "insert into user_activity_days (user_id, date, module_name, activities, timed, duration_seconds)
        select $1, date '2026-06-10' - r.back, r.module, r.activities, r.timed, r.seconds
        from jsonb_to_recordset($2) as r (back int, module text, activities int, timed int, seconds int)",
        )
        .await
        .unwrap();
    let ask = client.prepare(&format!("select to_jsonb(q) from ({}) as q", USAGE.text())).await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0xac70_0000_0000);
        let person = Uuid::from_u64_pair(0xac70, seed + 1);
        let mut lines: Vec<Line> = Vec::new();
        let (mut rows, mut kept) = (Vec::new(), Vec::new());
        for _ in 0..dice.below(8) {
            let (back, module, seconds) = (dice.below(91), dice.pick(&["a", "b"]), dice.maybe(|dice| dice.below(4000)));
            rows.push(json!({"back": back, "module": module, "seconds": seconds}));
            lines.push((back, module, 1, i64::from(seconds.is_some()), seconds.unwrap_or(0)));
        }
        let mut days = BTreeSet::new();
        for _ in 0..dice.below(5) {
            let (back, module, activities) = (91 + dice.below(30), dice.pick(&["a", "b"]), 1 + dice.below(5));
            let timed = dice.below(activities + 1);
            let seconds = timed * dice.below(2000);
            if days.insert((back, module)) {
                kept.push(json!({"back": back, "module": module, "activities": activities, "timed": timed, "seconds": seconds}));
                lines.push((back, module, activities, timed, seconds));
            }
        }
        client.execute(&detail, &[&person, &json!(rows)]).await.unwrap();
        client.execute(&totals, &[&person, &json!(kept)]).await.unwrap();
        client.execute("select set_config('oree.uid', $1, true)", &[&person.to_string()]).await.unwrap();
        let window = dice.pick(&[1, 30, 90, 110, 200]);
        let told: Value = client.query_one(&ask, &[&i32::try_from(window).unwrap()]).await.unwrap().get(0);

        lines.retain(|(back, ..)| *back < window);
        let sum = |of: fn(&Line) -> i64| lines.iter().map(of).sum::<i64>();
        let (activities, timed, seconds) = (sum(|line| line.2), sum(|line| line.3), sum(|line| line.4));
        let mut modules: BTreeMap<&str, i64> = BTreeMap::new();
        let mut by_day: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
        for (back, module, activities, _, seconds) in &lines {
            *modules.entry(module).or_default() += activities;
            let day = by_day.entry(*back).or_default();
            *day = (day.0 + activities, day.1 + seconds);
        }
        let today = chrono::NaiveDate::from_ymd_opt(2026, 6, 10).unwrap();
        let by_day: Vec<Value> = by_day
            .into_iter()
            .map(|(back, (activities, seconds))| json!({"date": today - chrono::TimeDelta::days(back), "activities": activities, "minutes": seconds / 60}))
            .collect();
        assert_eq!(
            (&told["totalActivities"], &told["totalMinutes"], &told["moduleUsage"], &told["activityByDay"]),
            (&json!(activities), &json!(seconds / 60), &json!(modules), &json!(by_day)),
            "{seed}"
        );
        match told["averageSessionDuration"].as_f64() {
            Some(average) => assert!((average - seconds as f64 / timed as f64 / 60.0).abs() < 0.005_001, "{seed}: {told}"),
            None => assert_eq!(timed, 0, "{seed}: {told}"),
        }
    }
    client.batch_execute("rollback").await.unwrap();
}

#[tokio::test]
async fn how_far_an_achievement_is_is_that_of_an_independent_count() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
    let inserts = [
        ("meditation_sessions", "technique, duration", "'mantra', 600"),
        ("breathing_vr_sessions", "pattern, timing", "'calm', '{\"in\": 4, \"out\": 6}'"),
        ("story_sessions", "theme, tone", "'calme', 'joyeux'"),
    ];
    let modules: Vec<&str> = inserts.iter().map(|(table, ..)| *table).collect();
    let mut statements = Vec::new();
    for (table, columns, values) in inserts {
        let insert = format!(
            "insert into {table} (user_id, started_at, date, state, ended_at, duration_seconds, {columns})
             select $1, edge.now(), date '2026-06-10' - r.back, r.state, edge.now(), r.seconds, {values}
             from jsonb_to_recordset($2) as r (module text, back int, state text, seconds int) where r.module = '{table}'"
        );
        statements.push(client.prepare(&insert).await.unwrap());
    }
    let ask = client.prepare("select coalesce(jsonb_agg(to_jsonb(a)), '[]') from edge.achievements_of() as a").await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0xac41_0000_0000);
        let person = Uuid::from_u64_pair(0xac41, seed + 1);
        let spread = dice.pick(&[3, 12, 40]);
        let sessions: Vec<(&str, i64, &str, i64)> = (0..dice.below(16))
            .map(|_| {
                (
                    dice.pick(&modules),
                    dice.below(spread),
                    dice.pick(&["completed", "completed", "abandoned"]),
                    1 + dice.below(3000),
                )
            })
            .collect();
        let rows: Value = sessions
            .iter()
            .map(|(module, back, state, seconds)| json!({"module": module, "back": back, "state": state, "seconds": seconds}))
            .collect();
        for insert in &statements {
            client.execute(insert, &[&person, &rows]).await.unwrap();
        }
        client.execute("select set_config('oree.uid', $1, true)", &[&person.to_string()]).await.unwrap();
        let told: Value = client.query_one(&ask, &[]).await.unwrap().get(0);
        assert!(told.as_array().unwrap().len() >= 7, "{seed}: {told}");
        for item in told.as_array().unwrap() {
            let mut shares = Vec::new();
            for condition in item["conditions"].as_array().unwrap() {
                let done: Vec<_> = sessions
                    .iter()
                    .filter(|(module, _, state, _)| {
                        *state == "completed" && condition["module"].as_str().is_none_or(|only| only == *module)
                    })
                    .collect();
                let days: BTreeSet<i64> = done.iter().map(|session| session.1).collect();
                let reached = match condition["metric"].as_str().unwrap() {
                    "sessions" => done.len() as i64,
                    "minutes" => done.iter().map(|session| session.3).sum::<i64>() / 60,
                    "days" => days.len() as i64,
                    "modules" => done.iter().map(|session| session.0).collect::<BTreeSet<_>>().len() as i64,
                    "streak" => days
                        .iter()
                        .map(|day| (0..).take_while(|ahead| days.contains(&(day + ahead))).count() as i64)
                        .max()
                        .unwrap_or(0),
                    other => panic!("nobody counts {other}"),
                };
                let least = condition["at_least"].as_i64().unwrap();
                assert_eq!(
                    (&condition["reached"], &condition["met"]),
                    (&json!(reached), &json!(reached >= least)),
                    "{seed}: {item}"
                );
                shares.push((reached as f64 / least as f64).min(1.0));
            }
            let progress = shares.iter().sum::<f64>() / shares.len() as f64;
            assert!((item["progress"].as_f64().unwrap() - progress).abs() < 0.000_050_1, "{seed}: {item}");
            assert_eq!(item["is_met"], json!(shares.iter().all(|share| *share >= 1.0)), "{seed}: {item}");
        }
    }
    client.batch_execute("rollback").await.unwrap();
}
