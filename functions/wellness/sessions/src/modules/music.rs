use edge::Sql;
use wellness::{ALWAYS, DURING, Field, Kind, NEW, NULLABLE, REQUIRED, SHOWN, Shape};

use crate::module::Module;

const NAME: Kind = Kind::Text(1, 200);
const WORD: Kind = Kind::Text(1, 40);
/// Four hours.
const MS: Kind = Kind::Whole(0, 14_400_000);

const EVENT: Shape = Shape {
    name: "TrackEvent",
    about: "What was heard of a track.",
    fields: &[
        Field::new("track_id", NAME, ALWAYS | REQUIRED, ""),
        Field::new("started_ms", MS, ALWAYS | REQUIRED, "Milliseconds from the beginning of the session."),
        Field::new("ended_ms", MS, ALWAYS | REQUIRED, "Milliseconds from the beginning of the session."),
        Field::new("skipped", Kind::Flag, ALWAYS, ""),
        Field::new("liked", Kind::Flag, ALWAYS, ""),
    ],
};

/// Listening to a sequence.
pub static MODULE: Module = Module {
    fields: &[
        Field::new("playlist_id", NAME, NEW | SHOWN | NULLABLE, ""),
        Field::new("tracks_played", Kind::List(200, &NAME), DURING, "Ids, in their order."),
        Field::new("suno_track_ids", Kind::List(200, &NAME), DURING, "What older clients send."),
        Field::new("mood_tag", WORD, NEW | DURING | NULLABLE, ""),
        Field::new("target", WORD, NEW | SHOWN | NULLABLE, "The mood that is wanted."),
        Field::new("events", Kind::List(200, &Kind::Object(&EVENT)), DURING, "What was heard of each track."),
        Field::new("genres", Kind::List(20, &WORD), NEW | DURING, ""),
        Field::new("listened_seconds", Kind::Number(0.0, 3e6), SHOWN, "Heard of the tracks, by `events`."),
    ],
    own: Some((
        STATS,
        &[
            Field::new("totalListeningTime", Kind::Whole(0, i64::MAX), SHOWN, "Whole minutes of completed sessions together."),
            Field::new(
                "averageMoodImprovement",
                Kind::Number(-100.0, 100.0),
                SHOWN | NULLABLE,
                "As `avgMoodDelta`, of `moodPairs` sessions.",
            ),
            Field::new("tracksPlayed", Kind::Whole(0, i64::MAX), SHOWN, ""),
            Field::new("tracksSkipped", Kind::Whole(0, i64::MAX), SHOWN, "Heard for less than 30 seconds."),
            Field::new(
                "favoriteGenres",
                Kind::List(5, &WORD),
                SHOWN,
                "The most frequent ones, those of the latest sessions first where equal.",
            ),
        ],
    )),
    ..Module::new("music-sessions", "music_sessions", "MusicSession", "favoriteMood")
};

const STATS: Sql = Sql::new(
    "with s as materialized (
       select * from music_sessions where user_id = edge.uid() and state = 'completed')
     select jsonb_build_object('totalListeningTime', coalesce(sum(duration_seconds), 0) / 60,
       'averageMoodImprovement', round(avg(mood_delta), 2)::double precision,
       'tracksPlayed', coalesce(sum(jsonb_array_length(tracks_played)), 0),
       'tracksSkipped', (select count(*) from s e, jsonb_array_elements(e.events) as t
         where (t ->> 'ended_ms')::int - (t ->> 'started_ms')::int < 30000),
       'favoriteGenres', (select coalesce(jsonb_agg(g.genre order by g.times desc, g.latest desc, g.genre), '[]') from (
         select g.genre, count(*) as times, max(e.started_at) as latest
         from s e, jsonb_array_elements_text(e.genres) as g (genre)
         group by g.genre order by 2 desc, 3 desc, 1 limit 5) as g))::text
     from s",
);
