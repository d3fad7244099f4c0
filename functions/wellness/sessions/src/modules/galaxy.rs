use edge::Sql;
use wellness::{ALWAYS, CHANGE, DURING, END, Field, Kind, NEW, NULLABLE, SHOWN, Shape};

use super::breathing::COMFORT;
use crate::module::Module;

const SCENES: Kind = Kind::Words(&["galaxy", "ocean", "forest", "space", "aurora", "cosmos"]);
const RMSSD: Kind = Kind::Number(5.0, 200.0);

const QUALITY: Shape = Shape {
    name: "HrvQuality",
    about: "How a measurement of heart rate variability was made.",
    fields: &[
        Field::new(
            "artefacts",
            Kind::Number(0.0, 1.0),
            ALWAYS,
            "Share of beats that were left out; from 0.05 on the quality is poor.",
        ),
        Field::new("window_s", Kind::Whole(10, 600), ALWAYS, "Seconds; below 300 it compares only with itself."),
        Field::new("quality", Kind::Words(&["good", "poor"]), ALWAYS, ""),
    ],
};

/// Floating in a scene.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("session_id", Kind::Text(1, 100), NEW | SHOWN | NULLABLE, "The client's own, once per person."),
        Field::new("scene", SCENES, NEW | SHOWN, ""),
        Field::new("breathing_pattern", Kind::Text(1, 40), NEW | SHOWN | NULLABLE, ""),
        Field::new("cycles_completed", Kind::Whole(0, 2000), DURING, ""),
        Field::new("vr_mode", Kind::Flag, NEW | SHOWN, ""),
        Field::new("client", Kind::Text(1, 40), NEW | SHOWN, ""),
        Field::new("ts_start", Kind::Moment, NEW | SHOWN, "As `started_at`."),
        Field::new("ts_finish", Kind::Moment, END | SHOWN | NULLABLE, "As `completed_at`."),
        Field::new("duration_s", Kind::Whole(0, 90_000), CHANGE | END | SHOWN, "As `duration_seconds`."),
        Field::new("resp_rate_avg", Kind::Number(3.0, 40.0), DURING | NULLABLE, "Breaths a minute."),
        Field::new("hrv_pre", RMSSD, NEW | DURING | NULLABLE, "RMSSD before, in ms."),
        Field::new("hrv_post", RMSSD, DURING | NULLABLE, "RMSSD after, in ms."),
        Field::new(
            "rmssd_delta",
            Kind::Number(-195.0, 195.0),
            SHOWN | NULLABLE,
            "After less before, in ms, where both are and `hrv_quality` is not poor: 5 % artefacts at most.",
        ),
        Field::new(
            "coherence_score",
            Kind::Number(0.0, 100.0),
            SHOWN | NULLABLE,
            "max(0, 100 - 10 |breaths a minute - 5.5|): how near the pace is, nothing of the heart.",
        ),
        Field::new("coherence_source", Kind::Words(&["pace"]), SHOWN | NULLABLE, "What the score is made of."),
        Field::new("hrv_quality", Kind::Object(&QUALITY), DURING | NULLABLE, ""),
        Field::new("comfort", Kind::Object(&COMFORT), NEW | DURING | NULLABLE, ""),
    ],
    own: Some((
        STATS,
        &[
            Field::new(
                "averageRmssdDelta",
                Kind::Number(-195.0, 195.0),
                SHOWN | NULLABLE,
                "Milliseconds, over `rmssdPairs` completed sessions.",
            ),
            Field::new("rmssdPairs", Kind::Whole(0, i64::MAX), SHOWN, "Completed sessions with both."),
            Field::new("suggestion", Kind::Object(&SUGGESTION), SHOWN, "How the next session is best begun, and why."),
        ],
    )),
    aliases: &[("ts_start", "started_at"), ("ts_finish", "completed_at"), ("duration_s", "duration_seconds")],
    walls: &[("vr_nebula_sessions_session_id_key", "session_id", "not_allowed")],
    ..Module::new("vr-nebula-sessions", "vr_nebula_sessions", "NebulaSession", "favoriteScene")
};

const SUGGESTION: Shape = Shape {
    name: "NextNebulaSession",
    about: "How the next session in a scene is best begun, and why.",
    fields: &[
        Field::new("seconds", Kind::Whole(60, 1800), SHOWN, ""),
        Field::new("still", Kind::Flag, SHOWN, "Without motion."),
        Field::new("turn", Kind::Words(&["snap"]), SHOWN, "By 30°."),
        Field::new("vignette", Kind::Flag, SHOWN, ""),
        Field::new("reason", Kind::Words(&["nausea", "usual"]), SHOWN, "`nausea`: 5 or more was said last time."),
    ],
};

const STATS: Sql = Sql::new(
    "select jsonb_build_object('averageRmssdDelta', round(avg(rmssd_delta)::numeric, 2)::double precision, 'rmssdPairs', count(rmssd_delta),
       'suggestion', (select jsonb_build_object('seconds', case when l.sick then greatest(60, l.seconds / 2) else 600 end, 'still', true,
           'turn', 'snap', 'vignette', true, 'reason', case when l.sick then 'nausea' else 'usual' end)
         from (select) as one left join lateral (
           select (n.comfort ->> 'nausea')::int >= 5 as sick, least(n.duration_seconds, 1800) as seconds
           from vr_nebula_sessions n where n.user_id = edge.uid() and n.ended_at is not null
           order by n.started_at desc limit 1) as l on true))::text
     from vr_nebula_sessions where user_id = edge.uid() and state = 'completed'",
);
