use edge::Sql;
use wellness::{DURING, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN};

use crate::module::Module;

const COUNT: Kind = Kind::Whole(0, i64::MAX);

/// Answering cards, which have a path of their own (`/wellness/flash-lite-cards`).
pub static MODULE: Module = Module {
    fields: &[
        Field::new("mode", Kind::Words(&["quick", "timed", "practice", "exam"]), NEW | SHOWN | REQUIRED, ""),
        Field::new("category", Kind::Text(1, 100), NEW | SHOWN | NULLABLE, ""),
        Field::new(
            "cards_total",
            Kind::Whole(1, 100),
            NEW | SHOWN,
            "How many are planned; 10 where absent. It may be completed with fewer.",
        ),
        Field::new("cards_completed", COUNT, DURING, "Answered: counted here, whatever is sent, as are the next three."),
        Field::new("cards_correct", COUNT, DURING, ""),
        Field::new("average_response_time", Kind::Number(0.0, 600_000.0), DURING | NULLABLE, "Milliseconds."),
        Field::new("accuracy_percentage", Kind::Number(0.0, 100.0), DURING | NULLABLE, "Correct of answered."),
    ],
    own: Some((
        STATS,
        &[
            Field::new("totalCards", COUNT, SHOWN, "Answered in completed sessions."),
            Field::new("correctCards", COUNT, SHOWN, ""),
            Field::new("averageAccuracy", Kind::Number(0.0, 100.0), SHOWN | NULLABLE, "Correct of answered, in percent."),
            Field::new("averageResponseTime", Kind::Number(0.0, 600_000.0), SHOWN | NULLABLE, "Milliseconds."),
        ],
    )),
    aliases: &[("cards_completed", ""), ("cards_correct", ""), ("average_response_time", ""), ("accuracy_percentage", "")],
    ..Module::new("flash-lite-sessions", "flash_lite_sessions", "FlashLiteSession", "favoriteCategory")
};

const STATS: Sql = Sql::new(
    "select jsonb_build_object('totalCards', coalesce(sum(cards_completed), 0), 'correctCards', coalesce(sum(cards_correct), 0),
       'averageAccuracy', round(100.0 * sum(cards_correct) / nullif(sum(cards_completed), 0), 2)::double precision,
       'averageResponseTime', round(sum(response_ms)::numeric / nullif(sum(cards_completed), 0), 2)::double precision)::text
     from flash_lite_sessions where user_id = edge.uid() and state = 'completed'",
);
