//! Statistics, counted again by hand: random histories of every module, each told by SQL and by the few lines here.
//!
//! `ORACLE_HISTORIES` says how many of each module; 300 where it does not.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use testing::Dice;
use uuid::Uuid;

use crate::MODULES;
use crate::module::Module;

/// Day 0; today is `TODAY`.
const FIRST: &str = "2026-05-01";
const TODAY: i64 = 40;

/// A session as both know it.
struct Session {
    state: &'static str,
    day: i64,
    second: i64,
    seconds: i64,
    before: Option<i64>,
    after: Option<i64>,
    word: Option<String>,
    own: Map<String, Value>,
}

impl Session {
    fn new(dice: &mut Dice, module: &Module) -> Session {
        let state = dice.pick(&["completed", "completed", "completed", "abandoned", "expired", "started", "paused"]);
        let mut own = Map::new();
        let word = own_columns(dice, module.path, &mut own);
        let is_open = matches!(state, "started" | "paused");
        // Crowded, so that there are streaks and days with several.
        let back = if dice.below(2) == 0 { 6 } else { 40 };
        Session {
            state,
            day: TODAY - dice.below(back),
            second: dice.below(86_400),
            seconds: if is_open { 0 } else { 1 + dice.below(3600) },
            before: dice.maybe(|dice| dice.below(101)),
            after: dice.maybe(|dice| dice.below(101)),
            word,
            own,
        }
    }

    fn row(&self, person: Uuid) -> Value {
        let mut row = self.own.clone();
        let is_open = matches!(self.state, "started" | "paused");
        row.extend([
            (
                "id".to_owned(),
                json!(Uuid::from_u64_pair(
                    person.as_u64_pair().0 ^ 0x55,
                    (self.day * 86_400 + self.second) as u64 ^ person.as_u64_pair().1
                )),
            ),
            ("user_id".to_owned(), json!(person)),
            ("state".to_owned(), json!(self.state)),
            ("seconds_since".to_owned(), json!(self.day * 86_400 + self.second)),
            ("day".to_owned(), json!(self.day)),
            ("duration_seconds".to_owned(), json!(self.seconds)),
            ("mood_before".to_owned(), json!(self.before)),
            ("mood_after".to_owned(), json!(self.after)),
            ("is_open".to_owned(), json!(is_open)),
        ]);
        Value::Object(row)
    }

    fn is_done(&self) -> bool {
        self.state == "completed"
    }

    fn moment(&self) -> i64 {
        self.day * 86_400 + self.second
    }

    fn number(&self, name: &str) -> i64 {
        self.own.get(name).and_then(Value::as_i64).unwrap_or(0)
    }
}

/// A module's own columns; gives the word of which the favourite is.
fn own_columns(dice: &mut Dice, path: &str, own: &mut Map<String, Value>) -> Option<String> {
    let mut set = |name: &str, value: Value| own.insert(name.to_owned(), value);
    let word = match path {
        "meditation-sessions" => {
            set("duration", json!(600));
            ("technique", json!(dice.pick(&["mindfulness", "mantra", "body-scan"])))
        }
        "breathing-vr-sessions" => {
            set("timing", json!({"in": 0.5, "out": 0.5}));
            set("cycles_completed", json!(dice.below(2)));
            set("vr_mode", json!(dice.below(2) == 0));
            ("pattern", json!(dice.pick(&["box", "calm", "478"])))
        }
        "music-sessions" => {
            let events: Vec<Value> = (0..dice.below(4))
                .map(|at| json!({"track_id": at.to_string(), "started_ms": 0, "ended_ms": 1000 * dice.below(60)}))
                .collect();
            set("events", json!(events));
            set("tracks_played", json!((0..dice.below(4)).collect::<Vec<_>>()));
            set("genres", json!((0..dice.below(3)).map(|_| dice.pick(&["ambient", "piano", "drone"])).collect::<Vec<_>>()));
            ("mood_tag", json!(dice.maybe(|dice| dice.pick(&["calme", "élan"]))))
        }
        "flash-lite-sessions" => {
            let answered = dice.below(11);
            set("mode", json!("quick"));
            set("cards_completed", json!(answered));
            set("cards_correct", json!(dice.below(answered + 1)));
            set("response_ms", json!(answered * dice.below(5000)));
            ("category", json!(dice.maybe(|dice| dice.pick(&["mots", "villes"]))))
        }
        "vr-nebula-sessions" => {
            set("hrv_pre", json!(dice.maybe(|dice| 5 + dice.below(195))));
            set("hrv_post", json!(dice.maybe(|dice| 5 + dice.below(195))));
            set("hrv_quality", json!(dice.maybe(|dice| json!({"artefacts": 0.01 * dice.below(9) as f64}))));
            ("scene", json!(dice.pick(&["ocean", "forest"])))
        }
        "vr-dome-sessions" => ("intensity", json!(dice.pick(&["calm", "intense"]))),
        "story-sessions" => {
            set("tone", json!(dice.pick(&["joyeux", "apaisant"])));
            ("theme", json!(dice.pick(&["calme", "nature"])))
        }
        "screen-silk-sessions" => {
            set("blink_count", json!(dice.below(300)));
            ("label", json!(dice.maybe(|dice| dice.pick(&["gain", "léger"]))))
        }
        "bubble-beat-sessions" => ("difficulty", json!(dice.pick(&["easy", "hard"]))),
        "ar-filter-sessions" => ("filter", json!(dice.pick(&["a", "b", "c"]))),
        other => panic!("{other} has no histories: say what its columns may be"),
    };
    set(word.0, word.1.clone());
    word.1.as_str().map(str::to_owned)
}

/// A quotient to the hundredth, a half away from zero; none of nothing.
fn hundredths(sum: i128, times: i128, of: i128) -> Value {
    if of == 0 {
        return Value::Null;
    }
    let scaled = sum * times * 100;
    let rounded = (2 * scaled.abs() + of) / (2 * of) * scaled.signum();
    json!(rounded as f64 / 100.0)
}

/// Most frequent, then latest, then by the alphabet.
fn favorite<'a>(words: impl Iterator<Item = (&'a str, i64)>) -> Vec<String> {
    let mut counts: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (word, moment) in words {
        let entry = counts.entry(word).or_insert((0, moment));
        *entry = (entry.0 + 1, entry.1.max(moment));
    }
    let mut order: Vec<_> = counts.into_iter().map(|(word, (count, latest))| (-count, -latest, word)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, _, word)| word.to_owned()).collect()
}

fn totals(sessions: &[Session], module: &Module) -> Map<String, Value> {
    let done: Vec<&Session> = sessions.iter().filter(|session| session.is_done()).collect();
    let partial: Vec<&Session> = sessions.iter().filter(|session| matches!(session.state, "abandoned" | "expired")).collect();
    let seconds: i64 = done.iter().map(|session| session.seconds).sum();
    let days: BTreeSet<i64> = done.iter().map(|session| session.day).collect();
    let run_to = |day: i64| (0..).take_while(|back| days.contains(&(day - back))).count();
    let current = [TODAY, TODAY - 1].into_iter().map(run_to).max().unwrap();
    let pairs: Vec<i64> = done.iter().filter_map(|session| Some(session.after? - session.before?)).collect();
    let count = |of: usize| json!(of);
    let favorite =
        favorite(done.iter().filter_map(|session| Some((session.word.as_deref()?, session.moment())))).into_iter().next();
    let mut stats = Map::from_iter([
        ("totalSessions".to_owned(), count(done.len())),
        ("startedSessions".to_owned(), count(sessions.len())),
        ("unfinishedSessions".to_owned(), count(partial.len())),
        ("totalDuration".to_owned(), json!(seconds)),
        ("totalMinutes".to_owned(), json!(seconds / 60)),
        ("partialDuration".to_owned(), json!(partial.iter().map(|session| session.seconds).sum::<i64>())),
        ("averageDuration".to_owned(), hundredths(seconds.into(), 1, done.len() as i128)),
        ("completionRate".to_owned(), hundredths(done.len() as i128, 100, sessions.len() as i128)),
        ("currentStreak".to_owned(), count(current)),
        ("longestStreak".to_owned(), count(days.iter().map(|day| run_to(*day)).max().unwrap_or(0))),
        ("avgMoodDelta".to_owned(), hundredths(pairs.iter().sum::<i64>().into(), 1, pairs.len() as i128)),
        ("moodPairs".to_owned(), count(pairs.len())),
        (module.favorite.to_owned(), json!(favorite)),
    ]);
    stats.extend(own_totals(&done, module.path));
    stats
}

fn own_totals(done: &[&Session], path: &str) -> Map<String, Value> {
    let sum = |name: &str| done.iter().map(|session| session.number(name)).sum::<i64>();
    let seconds: i64 = done.iter().map(|session| session.seconds).sum();
    let n = done.len() as i128;
    let list = |session: &Session, name: &str| session.own[name].as_array().unwrap().clone();
    let stats = match path {
        "breathing-vr-sessions" => json!({
            "averageCycles": hundredths(sum("cycles_completed").into(), 1, n),
            "averagePace": hundredths(sum("cycles_completed").into(), 60, seconds.into()),
            "vrSessions": done.iter().filter(|session| session.own["vr_mode"] == true).count(),
        }),
        "music-sessions" => {
            let pairs: Vec<i64> = done.iter().filter_map(|session| Some(session.after? - session.before?)).collect();
            let genres: Vec<(String, i64)> = done
                .iter()
                .flat_map(|session| {
                    list(session, "genres").into_iter().map(|genre| (genre.as_str().unwrap().to_owned(), session.moment()))
                })
                .collect();
            json!({
                "totalListeningTime": seconds / 60,
                "averageMoodImprovement": hundredths(pairs.iter().sum::<i64>().into(), 1, pairs.len() as i128),
                "tracksPlayed": done.iter().map(|session| list(session, "tracks_played").len()).sum::<usize>(),
                "tracksSkipped": done.iter().flat_map(|session| list(session, "events")).filter(|event| event["ended_ms"].as_i64().unwrap() < 30_000).count(),
                "favoriteGenres": favorite(genres.iter().map(|(genre, moment)| (genre.as_str(), *moment))),
            })
        }
        "flash-lite-sessions" => json!({
            "totalCards": sum("cards_completed"),
            "correctCards": sum("cards_correct"),
            "averageAccuracy": hundredths(sum("cards_correct").into(), 100, sum("cards_completed").into()),
            "averageResponseTime": hundredths(sum("response_ms").into(), 1, sum("cards_completed").into()),
        }),
        "vr-nebula-sessions" => {
            let deltas: Vec<i64> = done
                .iter()
                .filter(|session| session.own["hrv_quality"]["artefacts"].as_f64().is_none_or(|share| share < 0.05))
                .filter_map(|session| Some(session.own["hrv_post"].as_i64()? - session.own["hrv_pre"].as_i64()?))
                .collect();
            json!({ "averageRmssdDelta": hundredths(deltas.iter().sum::<i64>().into(), 1, deltas.len() as i128), "rmssdPairs": deltas.len() })
        }
        "story-sessions" => {
            let tones = favorite(done.iter().map(|session| (session.own["tone"].as_str().unwrap(), session.moment())));
            json!({ "favoriteTone": tones.first() })
        }
        "screen-silk-sessions" => json!({
            "averageBlinks": hundredths(sum("blink_count").into(), 60, seconds.into()),
            "gains": done.iter().filter(|session| session.own["label"] == "gain").count(),
        }),
        // Nobody has tapped.
        "bubble-beat-sessions" => json!({
            "bestScore": if done.is_empty() { Value::Null } else { json!(0) },
            "averageScore": if done.is_empty() { Value::Null } else { json!(0) },
            "totalBubbles": 0,
        }),
        _ => json!({}),
    };
    stats.as_object().unwrap().clone()
}

#[tokio::test]
async fn every_statistic_is_that_of_an_independent_count() {
    let histories = testing::histories();
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    for (family, module) in MODULES.iter().enumerate() {
        client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
        let mut people: Vec<(Uuid, Vec<Session>)> = Vec::new();
        for seed in 0..histories {
            let mut dice = Dice((family as u64) << 40 | seed);
            let person = Uuid::from_u64_pair(0xfeed_0000 + family as u64, (seed + 1) << 24);
            let mut sessions: Vec<Session> = (0..dice.below(14)).map(|_| Session::new(&mut dice, module)).collect();
            // No two of a person begin in one second: which one is latest would be nobody's to say.
            let mut seen = BTreeSet::new();
            sessions.retain(|session| seen.insert(session.moment()));
            people.push((person, sessions));
        }
        for chunk in people.chunks(1000) {
            let rows: Vec<Value> =
                chunk.iter().flat_map(|(person, sessions)| sessions.iter().map(|session| session.row(*person))).collect();
            let mut own: BTreeSet<String> = BTreeSet::new();
            for (_, sessions) in chunk {
                own.extend(sessions.iter().flat_map(|session| session.own.keys().cloned()));
            }
            let own: String = own.iter().map(|name| format!(", {name}")).collect();
            let own_of = own.replace(", ", ", r.");
            let insert = format!(
                "insert into {0} (id, user_id, state, started_at, date, last_beat_at, ended_at, paused_at, duration_seconds, mood_before, mood_after{own})
                 select r.id, r.user_id, r.state, t.at, date '{FIRST}' + (j ->> 'day')::int, t.at, case when (j ->> 'is_open')::bool then null else t.at + interval '1 hour' end,
                   case r.state when 'paused' then t.at end, r.duration_seconds, r.mood_before, r.mood_after{own_of}
                 from jsonb_array_elements($1::jsonb) as j, jsonb_populate_record(null::{0}, j - 'day') as r,
                   lateral (select timestamptz '{FIRST} 00:00Z' + make_interval(secs => (j ->> 'seconds_since')::int) as at) as t",
                module.table
            );
            client.execute(&insert, &[&json!(rows)]).await.unwrap_or_else(|error| panic!("{}: {error:?}", module.path));
        }
        let ids: Vec<Uuid> = people.iter().map(|(person, _)| *person).collect();
        let own = module
            .own
            .as_ref()
            .map_or("'{}'".to_owned(), |(own, _)| format!("({})::jsonb", own.text().replace("edge.uid()", "p.id")));
        let ask = format!(
            "select p.id, edge.session_totals('{}', '{}', p.id, date '{FIRST}' + {TODAY}) || {own} from unnest($1::uuid[]) as p (id)",
            module.table, module.favorite
        );
        let mut told = BTreeMap::new();
        for chunk in ids.chunks(500) {
            told.extend(
                client
                    .query(&ask, &[&chunk])
                    .await
                    .unwrap_or_else(|error| panic!("{}: {error:?}", module.path))
                    .iter()
                    .map(|row| (row.get::<_, Uuid>(0), row.get::<_, Value>(1))),
            );
        }
        let mut compared = 0;
        for (person, sessions) in &people {
            for (name, value) in totals(sessions, module) {
                let answer = &told[person][&name];
                let same = match (value.as_f64(), answer.as_f64()) {
                    (Some(one), Some(other)) => (one - other).abs() < 1e-9,
                    _ => value == *answer,
                };
                assert!(same, "{} {name} of {person}: {answer}, but {value}", module.path);
                compared += 1;
            }
        }
        println!("{}: {} histories, {compared} numbers", module.path, people.len());
        client.batch_execute("rollback").await.unwrap();
    }
}
