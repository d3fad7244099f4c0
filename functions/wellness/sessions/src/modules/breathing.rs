use edge::{FieldError, Place, Sql};
use wellness::{ALWAYS, DURING, Field, Given, Kind, NEW, NULLABLE, REQUIRED, SHOWN, Sent, Shape};

use crate::module::Module;

/// Seconds of in, hold, out and rest of each pattern: 3.75, 6, 3.16, 12, 6 and 5 breaths a minute.
const PATTERNS: [(&str, [i64; 4]); 6] = [
    ("box", [4, 4, 4, 4]),
    ("calm", [4, 0, 6, 0]),
    ("478", [4, 7, 8, 0]),
    ("energy", [2, 1, 2, 0]),
    ("coherence", [5, 0, 5, 0]),
    ("cocoon", [4, 2, 6, 0]),
];
const NAMES: Kind = Kind::Words(&["box", "calm", "478", "energy", "coherence", "custom", "cocoon"]);
const PHASES: [&str; 4] = ["in", "hold", "out", "rest"];

const TIMING: Shape = Shape {
    name: "BreathTiming",
    about: "The phases of a breath.",
    fields: &[
        Field::new("in", Kind::Number(1.0, 10.0), ALWAYS | REQUIRED, "Seconds."),
        Field::new("hold", Kind::Number(0.0, 10.0), ALWAYS, "Seconds; 0 where absent."),
        Field::new("out", Kind::Number(1.0, 15.0), ALWAYS | REQUIRED, "Seconds."),
        Field::new("rest", Kind::Number(0.0, 10.0), ALWAYS, "Seconds; 0 where absent."),
    ],
};

pub const COMFORT: Shape = Shape {
    name: "HeadsetComfort",
    about: "How a headset was borne.",
    fields: &[
        Field::new("nausea", Kind::Whole(0, 10), ALWAYS, ""),
        Field::new("eyestrain", Kind::Whole(0, 10), ALWAYS, ""),
        Field::new("dizziness", Kind::Whole(0, 10), ALWAYS, ""),
        Field::new("stopped_early", Kind::Flag, ALWAYS, ""),
        Field::new("locomotion", Kind::Words(&["teleport", "none"]), ALWAYS, ""),
        Field::new("turn", Kind::Words(&["snap", "smooth"]), ALWAYS, ""),
        Field::new("vignette", Kind::Flag, ALWAYS, ""),
    ],
};

/// Following a paced pattern.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("pattern", NAMES, NEW | SHOWN | REQUIRED, ""),
        Field::new(
            "timing",
            Kind::Object(&TIMING),
            NEW | SHOWN,
            "The phases as they are; those of the pattern where absent. `custom` needs them.",
        ),
        Field::new("vr_mode", Kind::Flag, NEW | SHOWN, "With a headset."),
        Field::new("cycles_completed", Kind::Whole(0, 2000), DURING, "Breaths; no more than fit into the time."),
        Field::new(
            "average_pace",
            Kind::Number(0.0, 1e6),
            DURING | NULLABLE,
            "Breaths a minute, computed from cycles and duration, whatever is sent.",
        ),
        Field::new("comfort", Kind::Object(&COMFORT), DURING | NULLABLE, ""),
    ],
    own: Some((
        STATS,
        &[
            Field::new("averageCycles", Kind::Number(0.0, 2000.0), SHOWN | NULLABLE, "Of completed sessions, to the hundredth."),
            Field::new(
                "averagePace",
                Kind::Number(0.0, 1e6),
                SHOWN | NULLABLE,
                "Breaths a minute, over all time of completed sessions.",
            ),
            Field::new("vrSessions", Kind::Whole(0, i64::MAX), SHOWN, "Completed with a headset."),
        ],
    )),
    aliases: &[("average_pace", "")],
    walls: &[("breathing_cycles_fit", "cycles_completed", "not_allowed")],
    prepare,
    consent,
    ..Module::new("breathing-vr-sessions", "breathing_vr_sessions", "BreathingSession", "favoritePattern")
};

fn prepare(sent: &mut Sent) -> Result<(), FieldError> {
    let Some(Given::Text(pattern)) = sent.get("pattern") else { return Ok(()) };
    let known = PATTERNS.iter().find(|(name, _)| name == pattern);
    match (known, sent.get("timing")) {
        (None, None) => return Err(FieldError::new(Place::Body, "timing", "required")),
        (Some((_, seconds)), None) => {
            let phases = PHASES.iter().zip(seconds).map(|(phase, seconds)| ((*phase).to_owned(), Given::Whole(*seconds)));
            sent.set("timing", Given::Object(Sent(phases.collect())));
        }
        _ => {}
    }
    Ok(())
}

/// The notice is for holds, and for ten breaths a minute and more.
fn consent(sent: &Sent) -> Option<&'static str> {
    let Some(Given::Object(timing)) = sent.get("timing") else { return None };
    #[expect(clippy::cast_precision_loss, reason = "seconds of a breath")]
    let seconds = |phase: &str| match timing.get(phase) {
        Some(Given::Whole(seconds)) => *seconds as f64,
        Some(Given::Number(seconds)) => *seconds,
        _ => 0.0,
    };
    let whole: f64 = PHASES.iter().map(|phase| seconds(phase)).sum();
    (seconds("hold") > 0.0 || whole <= 6.0).then_some("breathing-notice")
}

const STATS: Sql = Sql::new(
    "select jsonb_build_object('averageCycles', round(avg(cycles_completed), 2)::double precision,
       'averagePace', round(60.0 * sum(cycles_completed) / sum(duration_seconds), 2)::double precision,
       'vrSessions', count(*) filter (where vr_mode))::text
     from breathing_vr_sessions where user_id = edge.uid() and state = 'completed'",
);
