//! What a module declares, and what every session has.

use edge::{FieldError, Place, Sql, refusals};
use wellness::{BEAT, CHANGE, END, Field, Kind, NEW, NULLABLE, SHOWN, Sent};

refusals! {
    pub COMPLETED_OTHERWISE: 409 "completed_otherwise", fr: "Cette séance a déjà été terminée avec un autre contenu.", en: "This session was already completed with other content.";
}

/// A module: a table like `edge.session_template`, and what it has beside.
pub struct Module {
    /// Last part of the path; with `_` for `-`, the table.
    pub path: &'static str,
    pub table: &'static str,
    /// What one of its sessions is called in the OpenAPI document.
    #[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "wasm has no descriptions"))]
    pub name: &'static str,
    /// What its statistics call the favourite word of `wellness_sessions`.
    pub favorite: &'static str,
    pub fields: &'static [Field],
    /// Statistics of its own: one row of one `jsonb` as text.
    pub own: Option<(Sql, &'static [Field])>,
    /// The documents' names of fields that every session has, each with that field's name; with an empty one it is of what is
    /// computed here, whatever a device made of it.
    pub aliases: &'static [(&'static str, &'static str)],
    /// Checks of its table, the field that each is about, and the code of its refusal.
    pub walls: &'static [(&'static str, &'static str, &'static str)],
    /// Fills in what follows from what was sent, and refuses what does not fit together.
    pub prepare: fn(&mut Sent) -> Result<(), FieldError>,
    /// The purpose that the person must have agreed to, to begin with this.
    pub consent: fn(&Sent) -> Option<&'static str>,
}

impl Module {
    /// A module without anything of its own.
    pub const fn new(path: &'static str, table: &'static str, name: &'static str, favorite: &'static str) -> Module {
        let (fields, walls): (&[Field], &[(&str, &str, &str)]) = (&[], &[]);
        Module { path, table, name, favorite, fields, own: None, aliases: &[], walls, prepare: |_| Ok(()), consent: |_| None }
    }

    /// What was sent under the names of [`Module::fields`], under those of every session. In a change `duration_seconds` is what has
    /// elapsed until now.
    pub fn renamed(&self, when: u8, mut sent: Sent) -> Result<Sent, FieldError> {
        let elapsed: &[(&str, &str)] = if when == CHANGE { &[("duration_seconds", "elapsed_seconds")] } else { &[] };
        for (alias, name) in self.aliases.iter().chain(elapsed) {
            match (sent.take(alias), sent.get(name)) {
                (Some(value), Some(known)) if value != *known => {
                    return Err(FieldError::new(Place::Body, *alias, "not_allowed"));
                }
                (Some(value), None) if !name.is_empty() => sent.set(name, value),
                _ => {}
            }
        }
        Ok(sent)
    }
}

/// What the documents' `mood_before` and `mood_after` are given on.
const MOOD_SCALE: Kind = Kind::OneOf(&[100, 10]);
const MOOD: Kind = Kind::Whole(0, 100);
/// A day and an hour: no session lasts longer.
const SECONDS: Kind = Kind::Whole(0, 90_000);
const STATES: Kind = Kind::Words(&["started", "paused", "completed", "abandoned", "expired"]);

/// What every session has before what is its module's.
pub const HEAD: &[Field] = &[
    Field::new("id", Kind::Id, SHOWN, ""),
    Field::new("client_id", Kind::Id, NEW | SHOWN | NULLABLE, "The identity that a device gave the session while offline."),
    Field::new("state", STATES, SHOWN, "`expired` is one that was not heard for 24 hours; show it as abandoned."),
    Field::new(
        "started_at",
        Kind::Moment,
        NEW | SHOWN,
        "When it began: at most 24 hours ago, and five minutes ahead; now where absent.",
    ),
    Field::new("date", Kind::Day, SHOWN, "The person's own day on which it began."),
];

/// What every session has behind it.
pub const TAIL: &[Field] = &[
    Field::new(
        "mood_scale",
        MOOD_SCALE,
        NEW | CHANGE | END,
        "10 or 100: the scale of the moods in this request; 100 where absent. Answers are 0 to 100.",
    ),
    Field::new("mood_before", MOOD, NEW | CHANGE | END | SHOWN | NULLABLE, "From 0 (bad) to 100 (good)."),
    Field::new("mood_after", MOOD, CHANGE | END | SHOWN | NULLABLE, "From 0 (bad) to 100 (good)."),
    Field::new("mood_delta", Kind::Whole(-100, 100), SHOWN | NULLABLE, "After less before, where both are."),
    Field::new(
        "notes",
        Kind::Text(0, 2000),
        CHANGE | END | SHOWN | NULLABLE,
        "The person's own words, kept sealed; an empty text takes them away.",
    ),
    Field::new(
        "elapsed_seconds",
        SECONDS,
        BEAT | CHANGE | END | SHOWN,
        "How long it has gone on by the device, without pauses. It never decreases.",
    ),
    Field::new("paused", Kind::Flag, BEAT | CHANGE, "Whether it rests from now on."),
    Field::new("paused_at", Kind::Moment, SHOWN | NULLABLE, "Since when it rests."),
    Field::new("paused_seconds", Kind::Whole(0, i32::MAX as i64), SHOWN, "Pauses that are over."),
    Field::new("last_beat_at", Kind::Moment, SHOWN, "When the device was heard last."),
    Field::new("completed_at", Kind::Moment, END | SHOWN | NULLABLE, "When it was completed; now where absent."),
    Field::new("ended_at", Kind::Moment, SHOWN | NULLABLE, "When it was completed or given up, or expired."),
    Field::new(
        "duration_seconds",
        SECONDS,
        CHANGE | END | SHOWN,
        "How long it lasted without pauses: what the device says, at most a minute more than from beginning to end. In a change it is `elapsed_seconds`.",
    ),
    Field::new("told_seconds", SECONDS, SHOWN | NULLABLE, "What the device said at the end."),
    Field::new("created_at", Kind::Moment, SHOWN, ""),
    Field::new("updated_at", Kind::Moment, SHOWN, ""),
    Field::new("version", Kind::Whole(1, i32::MAX as i64), SHOWN, "What `If-Match` names, in quotes."),
];

#[cfg(not(target_arch = "wasm32"))]
const COUNT: Kind = Kind::Whole(0, i64::MAX);

/// What every module's statistics have; beside them the favourite, and the module's own.
#[cfg(not(target_arch = "wasm32"))]
pub const TOTALS: &[Field] = &[
    Field::new("totalSessions", COUNT, SHOWN, "Completed sessions; what follows is of them where nothing else is said."),
    Field::new("startedSessions", COUNT, SHOWN, "All that there are."),
    Field::new("unfinishedSessions", COUNT, SHOWN, "Abandoned or expired."),
    Field::new("totalDuration", COUNT, SHOWN, "Seconds."),
    Field::new("totalMinutes", COUNT, SHOWN, "Whole minutes of all of them together."),
    Field::new("partialDuration", COUNT, SHOWN, "Seconds of unfinished sessions."),
    Field::new("averageDuration", Kind::Number(0.0, 90_000.0), SHOWN | NULLABLE, "Seconds, to the hundredth."),
    Field::new("completionRate", Kind::Number(0.0, 100.0), SHOWN | NULLABLE, "Completed of all, in percent."),
    Field::new("currentStreak", COUNT, SHOWN, "Days in a row with a completed session, up to today or yesterday."),
    Field::new("longestStreak", COUNT, SHOWN, "Days."),
    Field::new(
        "avgMoodDelta",
        Kind::Number(-100.0, 100.0),
        SHOWN | NULLABLE,
        "Mean of mood after less mood before, over sessions that have both.",
    ),
    Field::new("moodPairs", COUNT, SHOWN, "How many sessions have both."),
    Field::new("lastSessionAt", Kind::Moment, SHOWN | NULLABLE, ""),
];

/// What is done with a session.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Begin,
    List,
    Forget,
    Stats,
    Show,
    Change,
    Remove,
    Beat,
    Complete,
    Abandon,
}

#[cfg(not(target_arch = "wasm32"))]
mod described {
    use edge::describe::Shape;
    use edge::schemars::{Schema, SchemaGenerator};
    use edge::{All, Caller, Id, Input, List, Media, Path, Person};
    use wellness::schema;

    use super::{Act, BEAT, CHANGE, END, Field, HEAD, Kind, Module, NEW, NULLABLE, SHOWN, TAIL, TOTALS};
    use crate::engine::Key;

    impl Module {
        pub fn all(&self) -> [&'static [Field]; 3] {
            [HEAD, self.fields, TAIL]
        }

        /// What an endpoint of this module takes and answers.
        pub fn shape(&self, generator: &mut SchemaGenerator, act: Act) -> Shape {
            let mut shape = Shape { scheme: Person::SCHEME, reply_type: "application/json", ..Shape::default() };
            if act == Act::List {
                List::<All, Key>::describe(&mut shape, generator);
            }
            if !matches!(act, Act::Begin | Act::List | Act::Forget | Act::Stats) {
                Path::<Id<uuid::Uuid>>::describe(&mut shape, generator);
            }
            let body = match act {
                Act::Begin => Some(("New", "", NEW, "To begin a session.")),
                Act::Beat => Some(("", "Beat", BEAT, "That a session goes on.")),
                Act::Change => Some(("", "Change", CHANGE, "What changes; absent fields stay.")),
                Act::Complete | Act::Abandon => Some(("", "End", END, "How a session ended.")),
                _ => None,
            };
            if let Some((before, after, when, about)) = body {
                let name = [before, self.name, after].concat();
                let input = schema::of_input(generator, &name, about, &self.all(), when, act == Act::Begin);
                shape.bodies.push((Media::JSON, input));
                shape.body_optional = matches!(act, Act::Beat | Act::Complete | Act::Abandon);
            }
            shape.reply = Some(self.reply(generator, act));
            shape
        }

        fn reply(&self, generator: &mut SchemaGenerator, act: Act) -> Schema {
            let favorite = self.favorite_field();
            match act {
                Act::Remove => generator.subschema_for::<()>(),
                Act::Forget => {
                    let gone = [Field::new("removed", Kind::Whole(0, i64::MAX), SHOWN, "How many sessions there were.")];
                    schema::of_output(generator, "WellnessRemoved", "What was deleted.", None, &[&gone])
                }
                Act::Stats => {
                    let own = self.own.map_or(&[][..], |(_, fields)| fields);
                    let about = "What sessions add up to: counts are 0 where there are none, averages null.";
                    let shared =
                        schema::of_output(generator, "SessionTotals", "What every module's statistics have.", None, &[TOTALS]);
                    schema::of_output(generator, &[self.name, "Stats"].concat(), about, Some(shared), &[&favorite, own])
                }
                _ => {
                    let shared = "What every module's sessions have.";
                    let shared = schema::of_output(generator, "ModuleSession", shared, None, &[HEAD, TAIL]);
                    let about = "A session, as its person sees it.";
                    let one = schema::of_output(generator, self.name, about, Some(shared), &[self.fields]);
                    if act == Act::List { schema::of_page(generator, self.name, &one) } else { one }
                }
            }
        }

        pub fn favorite_field(&self) -> [Field; 1] {
            [Field::new(self.favorite, Kind::Text(0, 200), SHOWN | NULLABLE, "The most frequent one, the latest of several.")]
        }
    }
}
