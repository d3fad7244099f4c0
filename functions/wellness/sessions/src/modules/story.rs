use edge::Sql;
use wellness::{DURING, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN};

use crate::module::Module;

const THEMES: Kind = Kind::Words(&["calme", "aventure", "poetique", "mysterieux", "romance", "introspection", "nature"]);
const TONES: Kind = Kind::Words(&["apaisant", "encourageant", "contemplatif", "joyeux", "nostalgique", "esperant"]);

/// Reading a story.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("theme", THEMES, NEW | SHOWN | REQUIRED, ""),
        Field::new("tone", TONES, NEW | SHOWN | REQUIRED, ""),
        Field::new("pov", Kind::Words(&["je", "il", "elle", "nous"]), NEW | SHOWN, ""),
        Field::new("style", Kind::Words(&["sobre", "lyrique", "journal", "dialogue"]), NEW | SHOWN, ""),
        Field::new("paragraphs", Kind::Whole(3, 10), NEW | SHOWN, "How many it has."),
        Field::new("paragraphs_read", Kind::Whole(0, 10), DURING, ""),
    ],
    own: Some((STATS, &[Field::new("favoriteTone", TONES, SHOWN | NULLABLE, "The most frequent one, the latest of several.")])),
    ..Module::new("story-sessions", "story_sessions", "StorySession", "favoriteTheme")
};

const STATS: Sql = Sql::new(
    "select jsonb_build_object('favoriteTone', (
       select tone from story_sessions where user_id = edge.uid() and state = 'completed'
       group by tone order by count(*) desc, max(started_at) desc, tone limit 1))::text",
);
