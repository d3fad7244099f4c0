use wellness::{CHANGE, END, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN};

use crate::module::Module;

const TECHNIQUES: Kind =
    Kind::Words(&["mindfulness", "body-scan", "loving-kindness", "breath-focus", "visualization", "mantra", "breathing"]);

/// Sitting for a planned time.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("technique", TECHNIQUES, NEW | SHOWN | REQUIRED, ""),
        Field::new("duration", Kind::Whole(60, 3600), NEW | CHANGE | SHOWN | REQUIRED, "Seconds planned."),
        Field::new("completed", Kind::Flag, SHOWN, "Whether it was completed."),
        Field::new(
            "completed_duration",
            Kind::Whole(0, 90_000),
            END | SHOWN | NULLABLE,
            "Seconds that it lasted, where it was completed: as `duration_seconds`.",
        ),
        Field::new("with_guidance", Kind::Flag, NEW | CHANGE | SHOWN, ""),
        Field::new("with_music", Kind::Flag, NEW | CHANGE | SHOWN, ""),
        Field::new(
            "config",
            Kind::Free(4096),
            NEW | CHANGE | SHOWN,
            "Whatever the application keeps with it: 4 KiB, four levels.",
        ),
    ],
    aliases: &[("completed_duration", "duration_seconds")],
    ..Module::new("meditation-sessions", "meditation_sessions", "MeditationSession", "favoriteTechnique")
};
