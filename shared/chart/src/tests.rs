use chrono::NaiveDate;
use edge::Language;
use proptest::prelude::*;

use super::*;

const SPOKES: [&str; 6] = ["Réaliste", "Investigateur", "Artistique", "Social", "Entreprenant", "Conventionnel"];

fn frame<'a>(title: &'a str, styles: &'a [Style]) -> Frame<'a> {
    Frame { id: "test", width: 480, height: 360, title, description: title, language: Language::Fr, theme: None, styles }
}

fn radar(values: &[f64], names: &[&str], tip: &str) -> String {
    let radar = Radar { centre: (240, 180), radius: 120, spokes: names };
    let said = radar.words(values, Language::Fr);
    let frame = Frame { description: &said, ..frame("Intérêts", &[Radar::STYLE]) };
    frame.draw(|canvas| {
        radar.web(canvas);
        radar.first(canvas, values, tip);
        radar.second(canvas, &[0.2, 0.9, 0.4, 0.5, 0.1, 0.6], "Il y a un an");
    })
}

fn ranges(rows: &[Range<'_>], theme: Option<Theme>) -> String {
    let axis = Axis::new(40.0, 112.0, 6);
    let ranges = Ranges { left: 120, top: 40, width: 320, axis, unit: "bpm", places: 0 };
    let frame = Frame { theme, height: 48 + Ranges::height(3), ..frame("Pouls", &[Ranges::STYLE]) };
    frame.draw(|canvas| {
        canvas.strong(16, 26, "Pouls de la semaine");
        ranges.draw(canvas, rows);
    })
}

#[test]
fn a_hexagon_has_its_points_where_its_values_are() {
    let svg = radar(&[1.0, 0.5, 0.0, f64::NAN, 7.0], &SPOKES, "Aujourd'hui");
    // Up, then clockwise: the rim, half of it, the centre twice, the rim again, and the centre for what is missing.
    assert!(svg.contains("<path class=\"first\" d=\"M240 60L292 150L240 180L240 180L136.1 240L240 180Z\">"), "{svg}");
    assert!(svg.contains(
        "<desc id=\"test-desc\">Réaliste\u{a0}: 100\u{a0}%, Investigateur\u{a0}: 50\u{a0}%, Artistique\u{a0}: 0\u{a0}%"
    ));
    assert_eq!(svg.matches("class=\"web\"").count(), 5, "four rings and the spokes");
    for name in SPOKES {
        assert!(svg.contains(&format!(">{name}</text>")), "{name}");
    }
}

#[test]
fn a_range_is_on_the_scale_of_all() {
    let rows = [
        Range { name: "Repos", low: 48.0, high: 62.0, mark: Some(55.0) },
        Range { name: "Veille", low: 60.0, high: 110.0, mark: None },
        Range { name: "Une fois", low: 70.0, high: 70.0, mark: None },
    ];
    let svg = ranges(&rows, Some(Theme::Light));
    assert!(svg.contains("<title>Repos\u{a0}: 48–62\u{a0}bpm (55)</title>"), "{svg}");
    // 40 to 120: 320 pixels for 80 beats.
    assert!(svg.contains("x=\"152\" y=\"47\" width=\"56\" height=\"12\""), "{svg}");
    assert!(svg.contains("x=\"240\" y=\"99\" width=\"2\" height=\"12\""), "a band of nothing is seen: {svg}");
    assert!(svg.contains(">40</text>") && svg.contains(">120</text>") && svg.contains("<path class=\"mark\" d=\"M180 41V65\"/>"));
}

#[test]
fn a_bar_is_as_high_as_its_value_and_a_small_one_is_seen() {
    let bars = Bars { left: 10, top: 20, height: 100, pitch: 14, width: 11, columns: 4, most: i64::MAX };
    let svg = frame("Barres", &[Bars::STYLE, Bars::BASE]).draw(|canvas| {
        bars.scale(canvas, "Heures", "9");
        for (column, value) in (0..).zip([i64::MAX, i64::MAX / 2, 1, 0]) {
            bars.bar(canvas, column, value, "x");
        }
        bars.line(canvas);
    });
    for (height, bar) in [(100, 1), (49, 1), (2, 1)] {
        assert_eq!(svg.matches(&format!("height=\"{height}\" rx=\"1\"")).count(), bar, "{height}: {svg}");
    }
    assert_eq!(svg.matches("class=\"bar\"").count(), 3, "nothing is no bar");
    assert!(svg.contains("<path class=\"base\" d=\"M10 120.5H63\"/>"), "{svg}");
}

#[test]
fn numbers_and_days_are_written_as_each_language_writes_them() {
    let (fr, en) = (Language::Fr, Language::En);
    assert_eq!(
        (number(-1_234_567, fr), number(-1_234_567, en)),
        ("-1\u{202f}234\u{202f}567".to_owned(), "-1,234,567".to_owned())
    );
    assert_eq!((number(i64::MIN, en), number(123, fr)), ("-9,223,372,036,854,775,808".to_owned(), "123".to_owned()));
    assert_eq!((decimal(-0.05, 2, fr), decimal(1234.5, 1, en)), ("-0,05".to_owned(), "1,234.5".to_owned()));
    assert_eq!(
        (decimal(0.999, 2, en), decimal(f64::NAN, 0, en), decimal(2.0, 3, fr)),
        ("1.00".to_owned(), "0".to_owned(), "2,000".to_owned())
    );
    assert_eq!((count(0, "jour", "jours", fr), count(0, "day", "days", en)), ("0 jour".to_owned(), "0 days".to_owned()));
    let day = NaiveDate::from_ymd_opt(2026, 2, 9).unwrap();
    assert_eq!((date(day, fr), date(day, en)), ("9 févr. 2026".to_owned(), "9 Feb 2026".to_owned()));
}

#[test]
fn each_theme_has_its_colours_and_without_one_the_reader_decides() {
    let [light, dark, either] = [Some(Theme::Light), Some(Theme::Dark), None].map(|theme| ranges(&[], theme));
    assert!(light.contains(".ground{fill:#fff}") && !light.contains("#10151a"));
    assert!(dark.contains(".ground{fill:#10151a}") && !dark.contains("{fill:#fff}"));
    assert!(either.contains(".ground{fill:#fff}") && either.contains("@media(prefers-color-scheme:dark){text{fill:#a9b8af}"));
}

/// The names of the elements, where the text is well-formed XML without entities, comments or declarations of its own.
fn elements(svg: &str) -> Vec<String> {
    let (mut open, mut names, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "{before}");
        for entity in before.split('&').skip(1) {
            assert!(["amp;", "lt;", "gt;", "quot;"].iter().any(|known| entity.starts_with(known)), "{entity}");
        }
        let (tag, after) = after.split_once('>').unwrap();
        assert!(!tag.contains('<') && tag.matches('"').count() % 2 == 0, "{tag}");
        let name = tag.trim_matches('/').split(' ').next().unwrap().to_owned();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_ref(), Some(&name));
        } else {
            names.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = after;
    }
    assert!(open.is_empty() && rest == "\n", "{open:?}");
    names
}

proptest! {
    #[test]
    fn whatever_people_write_is_shown_and_nothing_more(words in any::<String>(), value in any::<f64>()) {
        let hostile = format!("{words}</text><script>alert(1)</script>&lt;\"'<!--]]>\u{0}\u{8}");
        let names = [hostile.as_str(), "b", "c"];
        let plain = elements(&radar(&[0.5; 3], &["a", "b", "c"], "tip"));
        let svg = radar(&[value; 3], &names, &hostile);
        prop_assert_eq!(elements(&svg), plain);
        prop_assert!(svg.chars().all(|c| c >= ' ' || c == '\n'), "{}", svg);
        let row = |name| [Range { name, low: 1.0, high: value, mark: Some(value) }];
        prop_assert_eq!(elements(&ranges(&row(&hostile), None)), elements(&ranges(&row("a"), None)));
        prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
    }

    #[test]
    fn an_axis_holds_its_values_between_round_ticks(low in any::<f64>(), high in any::<f64>(), most in 1..12_u32) {
        let axis = Axis::new(low, high, most);
        let ticks: Vec<_> = axis.ticks(Language::En).collect();
        prop_assert!((2..=most as usize + 3).contains(&ticks.len()), "{:?}", ticks);
        prop_assert_eq!((ticks[0].0, ticks[ticks.len() - 1].0), (0.0, 1.0));
        prop_assert!(ticks.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 != two[1].1), "{:?}", ticks);
    }

    #[test]
    fn values_of_everyday_sizes_lie_where_they_are(low in -1e6..1e6_f64, span in 0.01..1e6_f64, at in 0.0..1.0_f64) {
        let axis = Axis::new(low, low + span, 6);
        let (a, b, value) = (axis.place(low), axis.place(low + span), axis.place(low + span * at));
        prop_assert!((0.0..=1.0).contains(&a) && a < b && b <= 1.0);
        prop_assert!((value - (a + (b - a) * at)).abs() < 1e-6, "{} {} {}", a, b, value);
    }
}
