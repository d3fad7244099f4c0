use edge::Sql;
use wellness::{ALWAYS, END, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN, Shape};

use crate::module::Module;

const PLACE: Kind = Kind::Whole(-100, 1100);

const TAP: Shape = Shape {
    name: "BubbleTap",
    about: "A tap on a bubble.",
    fields: &[
        Field::new("bubble", Kind::Whole(0, 5400), ALWAYS | REQUIRED, "Its number, from 0; three rise a second."),
        Field::new("ms", Kind::Whole(0, 1_800_000), ALWAYS | REQUIRED, "Milliseconds from the beginning."),
        Field::new("x", PLACE, ALWAYS | REQUIRED, ""),
        Field::new("y", PLACE, ALWAYS | REQUIRED, ""),
    ],
};

/// Popping bubbles. Where they rise follows from `seed` (`edge.bubble_at`), bubbles and score from the taps.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("difficulty", Kind::Words(&["easy", "medium", "hard"]), NEW | SHOWN, ""),
        Field::new("mood", Kind::Words(&["calm", "energetic", "focus"]), NEW | SHOWN, ""),
        Field::new(
            "seed",
            Kind::Whole(0, i32::MAX as i64),
            SHOWN,
            "Bubble n: s = ((seed + 16807 n) mod 2147483646 + 1), twice s = 48271 s mod 2147483647; x = s mod 1000, y = s / 1000 mod 1000; it rises at 1000 n / 3 ms and lives 2000, 1500 or 1000 ms.",
        ),
        Field::new(
            "taps",
            Kind::List(1000, &Kind::Object(&TAP)),
            END | SHOWN,
            "A tap within 60 of a bubble and in its time pops it. At most twelve a second, none after the end.",
        ),
        Field::new("bubbles_popped", Kind::Whole(0, 1000), SHOWN, ""),
        Field::new("score", Kind::Whole(0, 20_000), SHOWN, "10, 15 or 20 for each."),
    ],
    own: Some((
        STATS,
        &[
            Field::new("bestScore", Kind::Whole(0, 20_000), SHOWN | NULLABLE, ""),
            Field::new("averageScore", Kind::Number(0.0, 20_000.0), SHOWN | NULLABLE, "To the hundredth."),
            Field::new("totalBubbles", Kind::Whole(0, i64::MAX), SHOWN, ""),
        ],
    )),
    walls: &[("bubble_taps_possible", "taps", "not_allowed")],
    ..Module::new("bubble-beat-sessions", "bubble_beat_sessions", "BubbleBeatSession", "favoriteDifficulty")
};

const STATS: Sql = Sql::new(
    "select jsonb_build_object('bestScore', max(score), 'averageScore', round(avg(score), 2)::double precision,
       'totalBubbles', coalesce(sum(bubbles_popped), 0))::text
     from bubble_beat_sessions where user_id = edge.uid() and state = 'completed'",
);
