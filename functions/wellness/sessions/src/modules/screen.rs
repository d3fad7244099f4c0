use edge::Sql;
use wellness::{DURING, Field, Kind, NEW, NULLABLE, SHOWN};

use crate::module::Module;

/// What a pause was good for.
pub const LABELS: Kind = Kind::Words(&["gain", "léger", "incertain"]);

/// Resting the eyes.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("planned_seconds", Kind::Whole(60, 600), NEW | SHOWN, "180 where absent."),
        Field::new("label", LABELS, DURING | NULLABLE, ""),
        Field::new("interrupted", Kind::Flag, SHOWN, "Given up or expired."),
        Field::new("blink_count", Kind::Whole(0, 10_000), DURING, "Counted on the device."),
    ],
    own: Some((
        STATS,
        &[
            Field::new(
                "averageBlinks",
                Kind::Number(0.0, 10_000.0),
                SHOWN | NULLABLE,
                "A minute, over all time of completed sessions.",
            ),
            Field::new("gains", Kind::Whole(0, i64::MAX), SHOWN, "Completed sessions that were a `gain`."),
        ],
    )),
    ..Module::new("screen-silk-sessions", "screen_silk_sessions", "ScreenSilkSession", "favoriteLabel")
};

const STATS: Sql = Sql::new(
    "select jsonb_build_object('averageBlinks', round(60.0 * sum(blink_count) / nullif(sum(duration_seconds), 0), 2)::double precision,
       'gains', count(*) filter (where label = 'gain'))::text
     from screen_silk_sessions where user_id = edge.uid() and state = 'completed'",
);
