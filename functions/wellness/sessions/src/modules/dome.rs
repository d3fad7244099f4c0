use wellness::{DURING, END, Field, Kind, NEW, NULLABLE, SHOWN};

use crate::module::Module;

const COCOONS: Kind = Kind::Words(&["crystal", "cosmos", "water", "foliage", "aurora", "ember"]);

/// Being in a dome. What a group has in common is at `/wellness/dome-rooms`.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("session_id", Kind::Id, SHOWN | NULLABLE, "The room that it was joined in (`/wellness/dome-rooms`)."),
        Field::new("ts_join", Kind::Moment, NEW | SHOWN, "As `started_at`."),
        Field::new("ts_leave", Kind::Moment, END | SHOWN | NULLABLE, "As `ended_at`."),
        Field::new("intensity", Kind::Words(&["calm", "moderate", "intense"]), NEW | SHOWN, ""),
        Field::new("cocoon", COCOONS, NEW | DURING | NULLABLE, "What was won."),
        Field::new(
            "badge",
            Kind::Words(&["calm", "partial", "tense"]),
            DURING | NULLABLE,
            "How the person says that they are at the end.",
        ),
        Field::new("cycles_completed", Kind::Whole(0, 2000), DURING, ""),
        Field::new(
            "shares",
            Kind::Flag,
            NEW | DURING,
            "Whether heart and valence may count in the values of the group, which names nobody.",
        ),
        Field::new("hr_mean", Kind::Number(30.0, 220.0), DURING | NULLABLE, "Beats a minute."),
        Field::new("hr_std", Kind::Number(0.0, 100.0), DURING | NULLABLE, "Beats a minute."),
        Field::new("valence", Kind::Number(-1.0, 1.0), DURING | NULLABLE, "From unpleasant to pleasant."),
    ],
    aliases: &[("ts_join", "started_at"), ("ts_leave", "completed_at")],
    ..Module::new("vr-dome-sessions", "vr_dome_sessions", "DomeSession", "favoriteIntensity")
};
