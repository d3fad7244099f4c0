//! Which day a moment lies in: people fly, move their day-end hour and correct their zone, and every table that keeps a day
//! must agree with what today was at that moment, then and for ever after.

use std::collections::BTreeSet;

use chrono::{DateTime, Days, LocalResult, NaiveDate, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use futures::{StreamExt, stream};
use migrate::Tree;
use serde_json::{Value, json};

use crate::database::{Caller, Database, NOON, root};

const PEOPLE: u64 = 16;
const STEPS: u64 = 30;

const ZONES: [Tz; 14] = [
    Tz::Europe__Paris,
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::America__St_Johns,
    Tz::America__Santiago,
    Tz::Africa__Cairo,
    Tz::Asia__Kathmandu,
    Tz::Asia__Tokyo,
    Tz::Australia__Lord_Howe,
    Tz::Pacific__Chatham,
    Tz::Pacific__Kiritimati,
    Tz::Pacific__Honolulu,
    Tz::Antarctica__Troll,
];

/// Around these nights clocks change somewhere.
const NIGHTS: [&str; 4] = ["2026-03-27T12:00:00Z", "2026-10-23T12:00:00Z", "2026-03-06T12:00:00Z", "2026-04-03T12:00:00Z"];

/// SplitMix64: a seed names a life for good.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    fn minutes(&mut self, bound: u64) -> TimeDelta {
        TimeDelta::minutes(i64::try_from(self.below(bound)).unwrap())
    }

    fn clock(&mut self) -> Clock {
        Clock { zone: self.pick(&ZONES), hour: u32::try_from(self.below(7)).unwrap() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Clock {
    zone: Tz,
    hour: u32,
}

impl Clock {
    fn start(self, day: NaiveDate) -> DateTime<Utc> {
        let wall = day.and_hms_opt(self.hour, 0, 0).unwrap();
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(moment) | LocalResult::Ambiguous(_, moment) => moment.to_utc(),
            LocalResult::None => {
                let day_before = self.zone.from_local_datetime(&(wall - TimeDelta::days(1))).unwrap();
                (day_before + TimeDelta::days(1)).to_utc()
            }
        }
    }

    fn day(self, moment: DateTime<Utc>) -> NaiveDate {
        let mut day = moment.date_naive() - Days::new(2);
        while self.start(day + Days::new(1)) <= moment {
            day = day + Days::new(1);
        }
        day
    }
}

/// The rule as people are told it: a day in progress ends when it has ended by every clock that was in effect during it.
struct Calendar {
    day: NaiveDate,
    clocks: Vec<Clock>,
}

impl Calendar {
    fn new(clock: Clock, moment: DateTime<Utc>) -> Self {
        Self { day: clock.day(moment), clocks: vec![clock] }
    }

    fn today(&mut self, moment: DateTime<Utc>) -> NaiveDate {
        loop {
            let end = self.clocks.iter().map(|clock| clock.start(self.day + Days::new(1))).max().unwrap();
            if moment < end {
                return self.day;
            }
            let clock = *self.clocks.last().unwrap();
            (self.day, self.clocks) = (clock.day(end), vec![clock]);
        }
    }

    fn change(&mut self, clock: Clock, moment: DateTime<Utc>) {
        self.today(moment);
        self.clocks.push(clock);
    }
}

fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.to_rfc3339_opts(SecondsFormat::Secs, true)
}

impl Database {
    async fn move_clock(&self, person: &Caller, now: DateTime<Utc>, clock: Clock) {
        let set = "update users set time_zone = $1, day_end_hour = $2 returning to_jsonb(true)";
        self.call(person, &rfc3339(now), set, &[&clock.zone.name(), &i16::try_from(clock.hour).unwrap()]).await;
    }

    /// The day in which a moment lies, asked at `now`.
    async fn day_of(&self, person: &Caller, now: DateTime<Utc>, moment: DateTime<Utc>) -> NaiveDate {
        let asked = "select to_jsonb(edge.day_of($1::text::timestamptz))";
        self.call(person, &rfc3339(now), asked, &[&rfc3339(moment)]).await.as_str().unwrap().parse().unwrap()
    }
}

/// What every table that keeps a day makes of this moment.
const KEEP: &str = "with
    k as (insert into kaizen (action, completed) values ('x', true) returning date),
    z as (insert into zazen_sessions (\"timestamp\", ended_at, date)
      values (edge.now(), edge.now() + interval '1 second', edge.day_of(edge.now())) returning date)
  select jsonb_build_object('today', edge.today(), 'of_person', edge.today(edge.uid()), 'of_now', edge.day_of(edge.now()),
    'ahead', edge.day_of(edge.now() + interval '5 minutes'), 'view', (select today from user_streaks where user_id = edge.uid()),
    'kaizen', (select date from k), 'zazen', (select date from z),
    'freeze', edge.freeze_days('skip', edge.today(), edge.today()) -> 'freeze' ->> 'from_day',
    'oldest', edge.kaizen_oldest() + (select 30))";

#[tokio::test]
async fn the_day_of_a_moment_is_what_today_was_then_for_every_table_and_for_ever() {
    let database = Database::migrated().await;
    // What `service` begins in somebody's place, as a job is.
    let job = "insert into jobs (user_id, kind, endpoint, expires_at) values ($1, 'scene', 'e', edge.now())
               returning to_jsonb(asked_on)";
    let live = async |seed: u64| {
        let mut dice = Dice(seed * 7919 + 1);
        let person = database.person(&format!("{seed}@example.org")).await;
        let owner = database.owner().await;
        let mut now = dice.pick(&NIGHTS).parse::<DateTime<Utc>>().unwrap() + dice.minutes(2 * 1440);
        let mut clock = dice.clock();
        // Who signs up has the zone that they sign up with.
        let first = "update users set time_zone = $2, day_end_hour = $3, held_day = null, held_until = null where id = $1";
        let forget = "delete from clock_changes where user_id = $1";
        owner.execute(first, &[&person.id(), &clock.zone.name(), &i16::try_from(clock.hour).unwrap()]).await.unwrap();
        owner.execute("update users set held_day = null, held_until = null where id = $1", &[&person.id()]).await.unwrap();
        owner.execute("update user_sessions set expires_at = '2030-01-01' where user_id = $1", &[&person.id()]).await.unwrap();
        owner.execute(forget, &[&person.id()]).await.unwrap();
        let mut calendar = Calendar::new(clock, now);
        let mut seen: Vec<(DateTime<Utc>, NaiveDate)> = Vec::new();
        for _ in 0..STEPS {
            now += match dice.below(3) {
                0 => dice.minutes(30),
                1 => dice.minutes(9 * 60),
                _ => dice.minutes(30 * 60),
            } + TimeDelta::minutes(1);
            if dice.below(2) == 0 {
                let next = match dice.below(3) {
                    0 => Clock { hour: u32::try_from(dice.below(7)).unwrap(), ..clock },
                    _ => dice.clock(),
                };
                // Without a change there is none to remember.
                if next != clock {
                    database.move_clock(&person, now, next).await;
                    calendar.change(next, now);
                    clock = next;
                }
            }
            let day = calendar.today(now);
            let stored = database.call(&person, &rfc3339(now), KEEP, &[]).await;
            let context = format!("seed {seed}, {now}, {clock:?}");
            for (table, value) in stored.as_object().unwrap() {
                // A second skip on the same day is the one that was there.
                assert_eq!(value, &json!(day), "{table}: {context}");
            }
            owner.execute("select set_config('oree.now', $1, false)", &[&rfc3339(now)]).await.unwrap();
            let claims = "select set_config('oree.today', to_char(edge.today($1::uuid), 'YYYY-MM-DD'), false)";
            owner.execute(claims, &[&person.id()]).await.unwrap();
            let asked: Value = owner.query_one(job, &[&person.id()]).await.unwrap().get(0);
            assert_eq!(asked, json!(day), "jobs: {context}");
            seen.push((now, day));
            // Whatever came since, the days that have been stay.
            let (moment, then) = dice.pick(&seen);
            assert_eq!(database.day_of(&person, now, moment).await, then, "{moment} asked later: {context}");
            let by_job = "select edge.day_of($1::text::timestamptz, $2)";
            let of_person: NaiveDate = owner.query_one(by_job, &[&rfc3339(moment), &person.id()]).await.unwrap().get(0);
            assert_eq!(of_person, then, "{moment} asked by a job: {context}");
        }
        for (moment, then) in seen {
            assert_eq!(database.day_of(&person, now, moment).await, then, "{moment} asked at the end: seed {seed}");
        }
    };
    stream::iter(0..PEOPLE).for_each_concurrent(4, live).await;
}

#[tokio::test]
async fn a_session_on_a_held_day_is_of_that_day() {
    let tokyo = Clock { zone: Tz::Asia__Tokyo, hour: 0 };
    let los_angeles = Clock { zone: Tz::America__Los_Angeles, hour: 0 };
    let late = Clock { zone: Tz::Asia__Tokyo, hour: 6 };
    let evening = "2026-06-01T22:35:00Z".parse().unwrap();
    for next in [los_angeles, late] {
        let database = Database::migrated().await;
        let person = database.person("a@example.org").await;
        database.move_clock(&person, NOON.parse::<DateTime<Utc>>().unwrap() - TimeDelta::days(300), tokyo).await;
        database.move_clock(&person, evening, next).await;
        let today = NaiveDate::from_ymd_opt(2026, 6, 2).unwrap();
        assert_eq!(database.day_of(&person, evening, evening - TimeDelta::minutes(20)).await, today, "{next:?}");
        assert_eq!(database.day_of(&person, evening, evening - TimeDelta::hours(20)).await, today - Days::new(1), "{next:?}");
    }
}

/// What says by a clock which day it is, beside the functions that `edge.day_of` is made of: `kept_days` tells the days that a held
/// day has swallowed, `day_to_tell` writes a moment into a letter.
const BY_CLOCK: [&str; 8] =
    ["clock_day", "day_end", "day_of", "day_start", "day_to_tell", "earlier_day", "keep_clock", "kept_days"];

#[test]
fn nothing_else_says_which_day_a_moment_lies_in_for_a_person() {
    let tree = Tree::read(&root()).unwrap();
    let mut found = BTreeSet::new();
    for definition in &tree.definitions {
        let code: String = definition.file.sql.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
        let zones = code.split("at time zone ").skip(1).filter(|rest| !rest.starts_with("'UTC'"));
        if code.contains("edge.clock_day(") || code.contains("edge.day_start(") || zones.count() > 0 {
            found.insert(definition.file.name.as_str());
        }
    }
    found.remove("is_time_zone");
    assert_eq!(found, BTreeSet::from(BY_CLOCK), "ask edge.day_of");
}
