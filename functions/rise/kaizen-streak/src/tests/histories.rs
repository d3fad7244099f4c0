//! Random histories, judged by the SQL and by the oracle. All are loaded in one transaction that is rolled back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use edge::auth::random_uuid;
use serde_json::Value;
use uuid::Uuid;

use super::oracle::{Clock, History, Verdict};

const HISTORIES: usize = 20_000;
const SHOWN: usize = 60;

/// Both hemispheres, both ends of the date line, halves and quarters of hours, changes at midnight and of two hours.
const ZONES: [Tz; 24] = [
    Tz::Europe__Paris,
    Tz::Europe__London,
    Tz::Europe__Dublin,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::America__St_Johns,
    Tz::America__Havana,
    Tz::America__Santiago,
    Tz::America__Sao_Paulo,
    Tz::America__Nuuk,
    Tz::Atlantic__Azores,
    Tz::Africa__Cairo,
    Tz::Asia__Beirut,
    Tz::Asia__Kolkata,
    Tz::Asia__Kathmandu,
    Tz::Asia__Tokyo,
    Tz::Australia__Sydney,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Auckland,
    Tz::Pacific__Chatham,
    Tz::Pacific__Kiritimati,
    Tz::Pacific__Apia,
    Tz::Pacific__Honolulu,
    Tz::Antarctica__Troll,
];

/// SplitMix64: a seed names a history for good.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn clock(&mut self) -> Clock {
        Clock { zone: self.pick(&ZONES), hour: i64::try_from(self.below(7)).unwrap() }
    }
}

fn history(seed: u64) -> History {
    let mut dice = Dice(seed);
    let span = match dice.below(100) {
        0 => 400 + dice.below(500),
        1..=10 => 40 + dice.below(80),
        _ => 1 + dice.below(28),
    };
    let epoch: DateTime<Utc> = "2023-01-01T00:00:00Z".parse().unwrap();
    let now = epoch + TimeDelta::seconds(i64::try_from(dice.below(4 * 365 * 86_400)).unwrap());
    // Often around the nights on which clocks change.
    let now = match dice.chance(30) {
        true => {
            dice.pick(&NIGHTS).parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(i64::try_from(dice.below(4_000)).unwrap())
        }
        false => now,
    };

    let mut changes = Vec::new();
    let mut at = now - TimeDelta::days(i64::try_from(span).unwrap());
    for _ in 0..dice.pick(&[0, 0, 1, 1, 2, 4]) {
        let step = match dice.chance(40) {
            true => dice.below(30 * 60),
            false => dice.below(span * 24 * 60),
        };
        at += TimeDelta::minutes(i64::try_from(step).unwrap());
        if at <= now {
            changes.push((at, dice.clock()));
        }
    }

    let last = now.date_naive() + Days::new(1);
    let day = |back: u64| last - Days::new(back);
    let likely = dice.pick(&[30, 60, 85, 97]);
    let done: BTreeSet<NaiveDate> = (0..=span).filter(|_| dice.chance(likely)).map(day).collect();
    let mut pauses = BTreeMap::new();
    for _ in 0..dice.pick(&[0, 1, 2, 4]) {
        let freeze = dice.chance(60);
        let from = day(dice.below(span + 2)) + Days::new(dice.below(3));
        let length = if freeze { dice.below(3) } else { dice.below(15) };
        pauses.insert(from, (from, from + Days::new(length), freeze));
    }
    let mut targets = BTreeMap::new();
    for _ in 0..dice.pick(&[0, 0, 1, 2, 3]) {
        let week = day(dice.below(span + 14));
        let week = week - Days::new(u64::from(week.weekday().num_days_from_monday()));
        targets.insert(week, i64::try_from(1 + dice.below(7)).unwrap());
    }
    History { first_clock: dice.clock(), changes, done, pauses: pauses.into_values().collect(), targets, now }
}

const NIGHTS: [&str; 6] = [
    "2025-03-29T00:00:00Z",
    "2025-10-25T00:00:00Z",
    "2025-03-08T00:00:00Z",
    "2025-11-01T00:00:00Z",
    "2025-04-05T00:00:00Z",
    "2025-09-06T00:00:00Z",
];

#[tokio::test]
async fn twenty_thousand_random_histories_are_judged_as_by_hand() {
    let _alone = super::LOADING.lock().await;
    let histories: Vec<(Uuid, History)> =
        (0..HISTORIES).map(|seed| (random_uuid().unwrap(), history(seed as u64 * 7919 + 1))).collect();
    let mut client = testing::database().await;
    let transaction = client.transaction().await.unwrap();
    let run = async |sql: &str| transaction.batch_execute(sql).await.unwrap();

    let ids: Vec<Uuid> = histories.iter().map(|(id, _)| *id).collect();
    let zones: Vec<&str> = histories.iter().map(|(_, history)| history.first_clock.zone.name()).collect();
    let hours: Vec<i32> = histories.iter().map(|(_, history)| i32::try_from(history.first_clock.hour).unwrap()).collect();
    let people = "insert into users (id, email, password_hash, time_zone, day_end_hour)
        select id, id || '@example.org', '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny', zone, hour
        from unnest($1::uuid[], $2::text[], $3::int[]) as p (id, zone, hour)";
    transaction.execute(people, &[&ids, &zones, &hours]).await.unwrap();

    let days: Vec<(Uuid, NaiveDate)> =
        histories.iter().flat_map(|(id, history)| history.done.iter().map(|day| (*id, *day))).collect();
    let (owners, days): (Vec<Uuid>, Vec<NaiveDate>) = days.into_iter().unzip();
    let entries = "insert into kaizen (user_id, action, date, completed, completed_at)
        select id, 'x', day, true, '2026-01-01' from unnest($1::uuid[], $2::date[]) as d (id, day)";
    let entries = transaction.execute(entries, &[&owners, &days]).await.unwrap();
    assert!(entries > 200_000, "{entries} days are too few to find anything");

    let pauses = histories.iter().flat_map(|(id, history)| history.pauses.iter().map(|pause| (*id, *pause)));
    let (owners, pauses): (Vec<Uuid>, Vec<(NaiveDate, NaiveDate, bool)>) = pauses.unzip();
    let froms: Vec<NaiveDate> = pauses.iter().map(|pause| pause.0).collect();
    let tos: Vec<NaiveDate> = pauses.iter().map(|pause| pause.1).collect();
    let freezes: Vec<bool> = pauses.iter().map(|pause| pause.2).collect();
    let pauses = "insert into streak_freezes (user_id, kind, from_day, to_day)
        select id, case when frozen then 'freeze' else 'skip' end, a, b
        from unnest($1::uuid[], $2::date[], $3::date[], $4::bool[]) as p (id, a, b, frozen)";
    transaction.execute(pauses, &[&owners, &froms, &tos, &freezes]).await.unwrap();

    let targets = histories.iter().flat_map(|(id, history)| history.targets.iter().map(|(week, target)| (*id, (*week, *target))));
    let (owners, targets): (Vec<Uuid>, Vec<(NaiveDate, i64)>) = targets.unzip();
    let (weeks, targets): (Vec<NaiveDate>, Vec<i64>) = targets.into_iter().unzip();
    let insert = "insert into weekly_targets (user_id, week, target)
        select * from unnest($1::uuid[], $2::date[], $3::bigint[])";
    transaction.execute(insert, &[&owners, &weeks, &targets]).await.unwrap();

    let changes = histories.iter().flat_map(|(id, history)| history.changes.iter().map(|change| (*id, *change)));
    let (owners, changes): (Vec<Uuid>, Vec<(DateTime<Utc>, Clock)>) = changes.unzip();
    let moments: Vec<DateTime<Utc>> = changes.iter().map(|change| change.0).collect();
    let zones: Vec<&str> = changes.iter().map(|change| change.1.zone.name()).collect();
    let hours: Vec<i32> = changes.iter().map(|change| i32::try_from(change.1.hour).unwrap()).collect();
    let load = "create temp table moves on commit drop as
        select * from unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::int[]) with ordinality as m (id, at, zone, hour, n)";
    transaction.execute(load, &[&owners, &moments, &zones, &hours]).await.unwrap();
    run("do $$
         declare m record;
         begin
           for m in select * from moves order by n loop
             perform set_config('oree.now', m.at::text, true);
             update users set time_zone = m.zone, day_end_hour = m.hour where id = m.id;
           end loop;
         end $$")
    .await;

    // The statistics know nothing of these rows, which are not committed.
    run("set local enable_seqscan = off; set local jit = off").await;
    let mut compared = 0;
    for part in histories.chunks(2_000) {
        let ids: Vec<Uuid> = part.iter().map(|(id, _)| *id).collect();
        let nows: Vec<DateTime<Utc>> = part.iter().map(|(_, history)| history.now).collect();
        let judge = "select t.today, t.ends, s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, s.weekly_target,
              s.week_kept, s.days, s.strength
            from unnest($1::uuid[], $2::timestamptz[]) with ordinality as h (id, now, n)
            join users u on u.id = h.id
            cross join lateral (select
              edge.day_of(h.now, u.id, u.time_zone, u.day_end_hour, u.held_until) as today,
              edge.day_end(h.now, u.time_zone, u.day_end_hour, u.held_day, u.held_until) as ends offset 0) as t
            cross join lateral edge.streak(u.id, t.today, 60) as s
            order by h.n";
        let rows = transaction.query(judge, &[&ids, &nows]).await.unwrap();
        assert_eq!(rows.len(), part.len());
        for (row, (_, history)) in rows.iter().zip(part) {
            let days: Value = row.get(10);
            let days =
                days.as_array().unwrap().iter().map(|day| {
                    (day["date"].as_str().unwrap().parse().unwrap(), &*day["reason"].as_str().unwrap().to_owned().leak())
                });
            let mut expected = history.judge();
            expected.days.truncate(SHOWN);
            let strength: f64 = row.get(11);
            let found = Verdict {
                today: row.get(0),
                day_ends: row.get(1),
                current: row.get(2),
                alive: row.get(3),
                best: row.get(4),
                since: row.get(5),
                today_done: row.get(6),
                at_risk: row.get(7),
                weekly_target: row.get(8),
                week_kept: row.get(9),
                days: days.collect(),
                strength: if (strength - expected.strength).abs() < 1e-5 { expected.strength } else { strength },
            };
            assert_eq!(found, expected, "{history:#?}");
            compared += 1;
        }
    }
    assert_eq!(compared, HISTORIES);
    transaction.rollback().await.unwrap();
}
