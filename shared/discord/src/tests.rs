use edge::{HttpAnswer, HttpFailure};
use serde_json::{Value, json};

use super::{BLUE, Delivery, Embed, delivery};

fn sent(embed: Embed) -> Value {
    serde_json::to_value(embed.within_limits()).unwrap()
}

fn length(embed: &Value) -> usize {
    let count = |value: &Value| value.as_str().map_or(0, |text| text.chars().count());
    let fields = embed["fields"].as_array().unwrap();
    count(&embed["title"])
        + count(&embed["description"])
        + count(&embed["footer"]["text"])
        + fields.iter().map(|field| count(&field["name"]) + count(&field["value"])).sum::<usize>()
}

fn answer(status: u16, retry_after: Option<u32>, body: &str) -> Delivery {
    delivery(Ok(HttpAnswer { status, retry_after, body: body.as_bytes().to_vec(), ..HttpAnswer::default() }))
}

#[test]
fn a_webhook_is_called_in_the_version_that_its_answers_are_read_in() {
    let of = |url: &str| super::of_version(url);
    let pinned = "https://discord.com/api/v10/webhooks/1/token?thread_id=2";
    assert_eq!(of("https://discord.com/api/webhooks/1/token?thread_id=2"), pinned);
    assert_eq!(of(pinned), pinned);
    assert_eq!(of("https://discord.com/api/v9/webhooks/1/token"), "https://discord.com/api/v9/webhooks/1/token");
    assert_eq!(of("https://relay.example/x"), "https://relay.example/x");
}

#[test]
fn texts_are_cut_to_their_limits_by_characters() {
    let embed = sent(Embed::new("🌀".repeat(300), BLUE).field("é", &"é".repeat(2000)).footer(&" x ".repeat(1000)));
    assert_eq!(embed["title"].as_str().unwrap().chars().count(), 256);
    assert!(embed["title"].as_str().unwrap().ends_with("🌀…"));
    assert_eq!(embed["fields"][0]["value"].as_str().unwrap().chars().count(), 1024);
    assert_eq!(embed["footer"]["text"].as_str().unwrap().chars().count(), 2048);
}

#[test]
fn all_texts_together_stay_within_six_thousand_characters() {
    let full = (0..40).fold(Embed::new("t", BLUE).description(&"d".repeat(5000)), |embed, index| {
        embed.field(&format!("n{index}"), &"v".repeat(1024))
    });
    let embed = sent(full);
    assert_eq!(length(&embed), 6000);
    let fields = embed["fields"].as_array().unwrap();
    assert!(fields.iter().all(|field| field["name"] != "" && field["value"] != ""));
}

#[test]
fn no_more_than_twenty_five_fields_are_sent_and_none_is_blank() {
    let many = (0..40).fold(Embed::new("t", BLUE).field("blank", " \n"), |embed, _| embed.field("n", "v"));
    let embed = sent(many);
    assert_eq!(embed["fields"].as_array().unwrap().len(), 25);
    assert_eq!(embed["fields"][0]["name"], "n");
}

#[test]
fn somebodys_words_are_never_markup() {
    let embed = sent(Embed::new("t", BLUE).quoted("w", "`[x](https://evil.example)` <@1> @everyone").quoted("e", " "));
    assert_eq!(embed["fields"], json!([{"name": "w", "value": "`'[x](https://evil.example)' <@1> @everyone`", "inline": true}]));
    let turned = sent(Embed::new("t", BLUE).quoted("w", "a\u{202e}b\u{200b}c\u{2066}\r\nd\u{1b}[0m"));
    assert_eq!(turned["fields"][0]["value"], "`abc  d [0m`");
    let long = sent(Embed::new("t", BLUE).quoted("w", &"a".repeat(5000)));
    assert!(long["fields"][0]["value"].as_str().unwrap().ends_with("…`"));
}

#[test]
fn an_image_is_a_link_that_discord_can_fetch() {
    assert_eq!(sent(Embed::new("t", BLUE).image("https://f.example/1.png"))["image"]["url"], "https://f.example/1.png");
    assert!(sent(Embed::new("t", BLUE).image("data:image/png;base64,AA")).get("image").is_none());
}

#[test]
fn a_wait_is_taken_from_the_body_then_the_header_then_guessed() {
    let wait = |retry_after, body| match answer(429, retry_after, body) {
        Delivery::Retry { after_s, .. } => after_s,
        other => panic!("{other:?}"),
    };
    assert_eq!(wait(Some(9), r#"{"message":"slow down","retry_after":2.1,"global":false}"#), Some(3));
    assert_eq!(wait(Some(9), "<html>"), Some(9));
    assert_eq!(wait(None, "<html>Error 1015</html>"), Some(300));
    assert_eq!(wait(None, r#"{"retry_after":1e300}"#), Some(86_400));
}

#[test]
fn a_webhook_that_is_gone_is_never_tried_again() {
    for status in [301, 400, 401, 403, 404, 413] {
        assert!(
            matches!(answer(status, None, r#"{"message":"Unknown Webhook","code":10015}"#), Delivery::Dead { .. }),
            "{status}"
        );
    }
    for status in [408, 500, 502, 503] {
        assert!(matches!(answer(status, None, ""), Delivery::Retry { .. }), "{status}");
    }
    assert_eq!(answer(204, None, ""), Delivery::Delivered { status: 204 });
    assert!(matches!(delivery(Err(HttpFailure::Timeout)), Delivery::Retry { .. }));
}
