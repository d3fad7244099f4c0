//! The streak once more, as somebody would count it on a wall calendar: day by day, with loops, in Rust, with another
//! implementation of time zones. Nothing here is taken from the SQL.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub zone: Tz,
    pub hour: i64,
}

#[derive(Clone, Debug)]
pub struct History {
    pub first_clock: Clock,
    /// In order of time, all before `now`.
    pub changes: Vec<(DateTime<Utc>, Clock)>,
    pub done: BTreeSet<NaiveDate>,
    /// From, to, whether it is a freeze.
    pub pauses: Vec<(NaiveDate, NaiveDate, bool)>,
    /// By the Monday from which they hold.
    pub targets: BTreeMap<NaiveDate, i64>,
    pub now: DateTime<Utc>,
}

#[derive(Debug, PartialEq)]
pub struct Verdict {
    pub today: NaiveDate,
    pub day_ends: DateTime<Utc>,
    pub current: i32,
    pub alive: i32,
    pub best: i32,
    pub since: Option<NaiveDate>,
    pub today_done: bool,
    pub at_risk: bool,
    pub weekly_target: i32,
    pub week_kept: i32,
    /// Newest first, back to the first kept day.
    pub days: Vec<(NaiveDate, &'static str)>,
    pub strength: f64,
}

impl Clock {
    /// The moment at which a day begins.
    fn start(self, day: NaiveDate) -> DateTime<Utc> {
        let wall = day.and_hms_opt(u32::try_from(self.hour).unwrap(), 0, 0).unwrap();
        let found = match self.zone.from_local_datetime(&wall) {
            chrono::LocalResult::Single(moment) => moment,
            // When the clock passes the hour twice, the second time counts.
            chrono::LocalResult::Ambiguous(_, second) => second,
            // When it jumps over the hour, the day begins when the old offset would have had it.
            chrono::LocalResult::None => {
                let day_before = self.zone.from_local_datetime(&(wall - TimeDelta::days(1))).unwrap();
                return (day_before + TimeDelta::days(1)).to_utc();
            }
        };
        found.to_utc()
    }

    /// The day that holds a moment.
    fn day(self, moment: DateTime<Utc>) -> NaiveDate {
        let mut day = moment.date_naive() - Days::new(2);
        while self.start(next(day)) <= moment {
            day = next(day);
        }
        day
    }
}

fn next(day: NaiveDate) -> NaiveDate {
    day + Days::new(1)
}

fn monday(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()))
}

impl History {
    /// Lives through the days from the first change of clock on: today, when it ends, and the days lost to travel.
    fn live(&self) -> (NaiveDate, DateTime<Utc>, BTreeSet<NaiveDate>) {
        let begin = self.changes.first().map_or(self.now, |(moment, _)| *moment);
        let mut clock = self.first_clock;
        let mut day = clock.day(begin);
        let mut start = clock.start(day);
        let mut changes = self.changes.iter().peekable();
        let mut lost = BTreeSet::new();
        let mut after_change = false;
        let mut today = None;
        loop {
            let mut end = clock.start(next(day));
            let mut changed = false;
            while let Some((_, other)) = changes.next_if(|(moment, _)| *moment < end) {
                clock = *other;
                changed = true;
                end = end.max(clock.start(next(day)));
            }
            if after_change && end - start < TimeDelta::hours(12) {
                lost.insert(day);
            }
            if let Some((today, ends)) = today {
                return (today, ends, lost);
            }
            if self.now < end {
                // The days after it are known already, as far as no further change comes.
                today = Some((day, end));
                if !changed {
                    return (day, end, lost);
                }
            }
            let following = clock.day(end);
            let mut jumped = next(day);
            while changed && jumped < following {
                lost.insert(jumped);
                jumped = next(jumped);
            }
            (day, start, after_change) = (following, end, changed);
        }
    }

    fn target(&self, day: NaiveDate) -> i64 {
        self.targets.range(..=monday(day)).next_back().map_or(7, |(_, target)| *target)
    }

    pub fn judge(&self) -> Verdict {
        let (today, day_ends, lost) = self.live();
        let marked = |day: NaiveDate| {
            let within =
                |freeze: bool| self.pauses.iter().any(|(from, to, kind)| *kind == freeze && (*from..=*to).contains(&day));
            match () {
                () if self.done.contains(&day) && day <= today => Some("done"),
                () if within(true) => Some("frozen"),
                () if within(false) || lost.contains(&day) => Some("skipped"),
                () => None,
            }
        };
        let reason = |day: NaiveDate| {
            marked(day).or_else(|| {
                // Could this week reach its target if this day were left out?
                let week = (0..7).map(|n| monday(day) + Days::new(n));
                let possible = week.filter(|other| marked(*other).is_some() || (*other >= today && *other != day)).count();
                (i64::try_from(possible).unwrap() >= self.target(day)).then_some("rest")
            })
        };

        let earliest = [self.done.first().copied(), self.pauses.iter().map(|pause| pause.0).min(), lost.first().copied()];
        let mut day = monday(earliest.into_iter().flatten().min().unwrap_or(today).min(today)) - Days::new(7);
        let mut shown = Vec::new();
        let (mut run, mut best, mut since) = (0, 0, None);
        let mut scores = Vec::new();
        while day <= today {
            let is_done = reason(day);
            if is_done == Some("done") {
                run += 1;
                since = since.or(Some(day));
                best = best.max(run);
            } else if is_done.is_none() && day < today {
                (run, since) = (0, None);
            }
            if is_done.is_some() || !shown.is_empty() {
                shown.push((day, is_done.unwrap_or(if day == today { "not_yet" } else { "missed" })));
                scores.push(is_done);
            }
            day = next(day);
        }
        let kept_today = reason(today).is_some();
        if shown.is_empty() {
            shown.push((today, "not_yet"));
        }
        shown.reverse();
        Verdict {
            today,
            day_ends,
            current: if kept_today { run } else { 0 },
            alive: run,
            best,
            since,
            today_done: reason(today) == Some("done"),
            at_risk: run > 0 && !kept_today,
            weekly_target: i32::try_from(self.target(today)).unwrap(),
            week_kept: (0..7).map(|n| monday(today) + Days::new(n)).filter(|d| *d <= today && marked(*d).is_some()).count()
                as i32,
            days: shown,
            strength: self.strength(&scores, today),
        }
    }

    /// Loop Habit Tracker's score, as its ScoreList.kt goes through the days.
    fn strength(&self, days: &[Option<&'static str>], today: NaiveDate) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "one to seven")]
        let target = self.target(today) as f64;
        let keep = 0.5_f64.powf((target / 7.0).sqrt() / 13.0);
        let mut score = 0.0;
        for (at, reason) in days.iter().enumerate() {
            let is_today = at + 1 == days.len();
            if matches!(reason, Some("frozen" | "skipped")) || (is_today && *reason != Some("done")) {
                continue;
            }
            let fortnight = days[at.saturating_sub(13)..=at].iter().filter(|reason| **reason == Some("done")).count();
            let value = match target {
                7.0 => f64::from(u8::from(*reason == Some("done"))),
                #[expect(clippy::cast_precision_loss, reason = "fourteen at most")]
                _ => (fortnight as f64 / (2.0 * target)).min(1.0),
            };
            score = score * keep + value * (1.0 - keep);
        }
        score
    }
}
