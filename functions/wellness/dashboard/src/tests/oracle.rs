//! What the dashboard adds up itself, of random histories of three modules, counted again by hand. What it has of each module is that
//! module's own (`edge.session_stats`), whose oracle stands beside the sessions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use testing::Dice;
use uuid::Uuid;

use crate::DASHBOARD;

#[tokio::test]
async fn the_dashboard_is_that_of_an_independent_count() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
    let inserts = [
        ("meditation_sessions", "technique, duration", "'mantra', 600"),
        ("story_sessions", "theme, tone", "'calme', 'joyeux'"),
        ("music_sessions", "target", "'calme'"),
    ];
    let modules: Vec<&str> = inserts.iter().map(|(table, ..)| *table).collect();
    let mut statements = Vec::new();
    for (table, columns, values) in inserts {
        let insert = format!(
            "insert into {table} (user_id, started_at, date, state, ended_at, duration_seconds, mood_after, {columns})
             select $1, edge.now() - make_interval(days => r.back), date '2026-06-10' - r.back, r.state,
               case when r.state <> 'started' then edge.now() end, r.seconds, r.mood, {values}
             from jsonb_to_recordset($2) as r (module text, back int, state text, seconds int, mood smallint) where r.module = '{table}'"
        );
        statements.push(client.prepare(&insert).await.unwrap());
    }
    let scans = client.prepare("insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, mood)
        select $1, 'manual', date '2026-06-10' - r.back, edge.now(), '[]', r.mood from jsonb_to_recordset($2) as r (back int, mood smallint)").await.unwrap();
    let ask = client.prepare(&format!("select to_jsonb(q) from ({}) as q", DASHBOARD.text())).await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0xda50_0000_0000);
        let person = Uuid::from_u64_pair(0xda50, seed + 1);
        let spread = dice.pick(&[4, 12, 40]);
        let sessions: Vec<(&str, i64, &str, i64, Option<i64>)> = (0..dice.below(16))
            .map(|_| {
                let state = dice.pick(&["completed", "completed", "completed", "abandoned", "started"]);
                let seconds = if state == "started" { 0 } else { 1 + dice.below(3000) };
                (dice.pick(&modules), dice.below(spread), state, seconds, dice.maybe(|dice| dice.below(101)))
            })
            .collect();
        let rows: Value = sessions
            .iter()
            .map(|(module, back, state, seconds, mood)| json!({"module": module, "back": back, "state": state, "seconds": seconds, "mood": mood}))
            .collect();
        let felt: Vec<(i64, i64)> = (0..dice.below(4)).map(|_| (dice.below(14), dice.below(101))).collect();
        for insert in &statements {
            client.execute(insert, &[&person, &rows]).await.unwrap();
        }
        let rows: Value = felt.iter().map(|(back, mood)| json!({"back": back, "mood": mood})).collect();
        client.execute(&scans, &[&person, &rows]).await.unwrap();
        client.execute("select set_config('oree.uid', $1, true)", &[&person.to_string()]).await.unwrap();
        let told: Value = client.query_one(&ask, &[]).await.unwrap().get(0);

        let done: Vec<_> = sessions.iter().filter(|session| session.2 == "completed").collect();
        let days: BTreeSet<i64> = done.iter().map(|session| session.1).collect();
        let run = |from: i64| (from..).take_while(|day| days.contains(day)).count();
        let longest = days.iter().map(|day| run(*day)).max().unwrap_or(0);
        assert_eq!(
            (&told["current_streak"], &told["longest_streak"]),
            (&json!(run(0).max(run(1))), &json!(longest)),
            "{seed}: {told}"
        );
        // Monday is two days ago.
        let week: Vec<_> = done.iter().filter(|session| session.1 <= 2).collect();
        let minutes = week.iter().map(|session| session.3).sum::<i64>() / 60;
        let week_days = week.iter().map(|session| session.1).collect::<BTreeSet<_>>().len();
        assert_eq!(told["week"], json!({"sessions": week.len(), "minutes": minutes, "days": week_days}), "{seed}: {told}");
        let moods: Vec<i64> = done
            .iter()
            .filter(|session| session.1 < 7)
            .filter_map(|session| session.4)
            .chain(felt.iter().filter(|(back, _)| *back < 7).map(|(_, mood)| *mood))
            .collect();
        assert_eq!(told["moods"], json!(moods.len()), "{seed}: {told}");
        match told["mood"].as_f64() {
            Some(mood) => {
                assert!((mood - moods.iter().sum::<i64>() as f64 / moods.len() as f64).abs() < 0.005_01, "{seed}: {told}")
            }
            None => assert!(moods.is_empty(), "{seed}: {told}"),
        }
        let open = sessions.iter().filter(|session| session.2 == "started").count();
        assert_eq!(told["open"].as_array().unwrap().len(), open.min(10), "{seed}: {told}");
        let used: BTreeSet<&str> = sessions.iter().map(|session| session.0).collect();
        assert_eq!(told["modules"].as_array().unwrap().len(), used.len(), "{seed}: {told}");
        for module in told["modules"].as_array().unwrap() {
            let of = |state: &str| {
                sessions.iter().filter(|session| session.0.replace('_', "-") == module["module"] && session.2 == state).count()
            };
            assert_eq!(
                (&module["totalSessions"], &module["unfinishedSessions"]),
                (&json!(of("completed")), &json!(of("abandoned"))),
                "{seed}: {told}"
            );
        }
    }
    client.batch_execute("rollback").await.unwrap();
}
