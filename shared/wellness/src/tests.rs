use proptest::prelude::*;

use super::*;

const POINT: Shape = Shape {
    name: "Point",
    about: "A point.",
    fields: &[Field::new("x", Kind::Whole(0, 9), REQUIRED | ALWAYS, ""), Field::new("y", Kind::Number(-1.0, 1.0), ALWAYS, "")],
};
const FIELDS: &[Field] = &[
    Field::new("word", Kind::Words(&["box", "calm"]), REQUIRED | NEW, ""),
    Field::new("text", Kind::Text(1, 5), ALWAYS, ""),
    Field::new("flag", Kind::Flag, BEAT, ""),
    Field::new("at", Kind::Moment, ALWAYS, ""),
    Field::new("id", Kind::Id, ALWAYS, ""),
    Field::new("points", Kind::List(2, &Kind::Object(&POINT)), ALWAYS, ""),
    Field::new("free", Kind::Free(40), ALWAYS, ""),
    Field::new("mood_before", Kind::Whole(0, 100), ALWAYS, ""),
    Field::new("mood_scale", Kind::Whole(10, 100), ALWAYS, ""),
];

fn sent(text: &str) -> Sent {
    serde_json::from_str(text).unwrap()
}

fn wrong(when: u8, text: &str) -> Vec<String> {
    let errors = read(&[FIELDS], when, when == NEW, sent(text)).err().unwrap_or_default();
    errors.iter().map(|error| format!("{} {}", error.field, error.code)).collect()
}

#[test]
fn what_is_declared_is_read_and_what_is_not_is_named() {
    let good = r#"{"word":"box","points":[{"x":1.0,"y":0}],"at":"2026-01-02T03:04:05.1234567+01:00","id":"7D444840-9DC0-11D1-B245-5FFDCE74FAD2"}"#;
    let read = read(&[FIELDS], NEW, true, sent(good)).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        r#"{"word":"box","points":[{"x":1,"y":0}],"at":"2026-01-02T02:04:05.123456Z","id":"7d444840-9dc0-11d1-b245-5ffdce74fad2"}"#
    );
    for (text, errors) in [
        ("{}", vec!["word required"]),
        (r#"{"word":"Box"}"#, vec!["word not_allowed"]),
        (r#"{"word":"box","flag":true}"#, vec!["flag unknown_field"]),
        (r#"{"word":"box","text":"","id":"x"}"#, vec!["text length", "id bad_uuid"]),
        (r#"{"word":"box","text":"  "}"#, vec!["text blank"]),
        (r#"{"word":null}"#, vec!["word not_nullable"]),
        (r#"{"word":["box"]}"#, vec!["word wrong_type"]),
        (
            r#"{"word":"box","points":[{"x":10},{"y":2,"z":1}]}"#,
            vec!["points.0.x range", "points.1.y range", "points.1.z unknown_field", "points.1.x required"],
        ),
        (r#"{"word":"box","points":[{"x":1},{"x":1},{"x":1}]}"#, vec!["points length"]),
        (r#"{"word":"box","at":"2026-12-31T23:59:60Z"}"#, vec!["at bad_moment"]),
        (r#"{"word":"box","at":"-262143-01-01T00:00:00Z"}"#, vec!["at bad_moment"]),
        (r#"{"word":"box","free":{"a":{"b":{"c":{"d":1}}}}}"#, vec![]),
        (r#"{"word":"box","free":{"a":{"b":{"c":{"d":{}}}}}}"#, vec!["free not_allowed"]),
        (r#"{"word":"box","free":{"a":"0123456789012345678901234567890123456789"}}"#, vec!["free not_allowed"]),
        (r#"{"word":"box","free":{"$ne":1}}"#, vec!["free not_allowed"]),
        (r#"{"word":"box","free":{"a":["data:image/png"]}}"#, vec!["free not_allowed"]),
        (r#"{"word":"box","mood_before":1e300}"#, vec!["mood_before range"]),
    ] {
        assert_eq!(wrong(NEW, text), errors, "{text}");
    }
    assert_eq!(wrong(CHANGE, "{}"), Vec::<String>::new());
    assert!(serde_json::from_str::<Sent>(r#"{"a":{"b":1,"b":2}}"#).is_err(), "no member comes twice");
}

#[test]
fn a_mood_is_of_the_scale_that_is_said() {
    let mood = |text| scaled(sent(text)).map(|sent| sent.get("mood_before").cloned());
    assert_eq!(mood(r#"{"mood_before":7}"#).unwrap(), Some(Given::Whole(7)));
    assert_eq!(mood(r#"{"mood_before":7,"mood_scale":100}"#).unwrap(), Some(Given::Whole(7)));
    assert_eq!(mood(r#"{"mood_before":7,"mood_scale":10}"#).unwrap(), Some(Given::Whole(70)));
    assert_eq!(mood(r#"{"mood_before":11,"mood_scale":10}"#).unwrap_err()[0].code, "range");
}

proptest! {
    #[test]
    fn any_json_is_read_as_serde_json_reads_it(text in "[\\[\\]{}:,\"0-9a-c.e+ -]{0,40}|true|null") {
        let ours = serde_json::from_str::<Given>(&text).ok().map(|given| serde_json::to_value(&given).unwrap());
        let theirs = serde_json::from_str::<serde_json::Value>(&text).ok();
        // Ours refuses a member that comes twice; and tells 1.0 from 1 as theirs does.
        if let Some(ours) = ours { prop_assert_eq!(Some(ours), theirs); }
    }

    #[test]
    fn whatever_is_read_fits_its_declaration(x in any::<i64>(), y in any::<f64>(), text in ".{0,8}") {
        let body = serde_json::json!({"word": "box", "text": text, "points": [{"x": x, "y": y}]});
        let fits = (0..=9).contains(&x) && (-1.0..=1.0).contains(&y) && (1..=5).contains(&text.chars().count()) && !text.trim().is_empty();
        let read = read(&[FIELDS], NEW, true, sent(&body.to_string()));
        prop_assert_eq!(read.is_ok(), fits, "{}", body);
    }
}
