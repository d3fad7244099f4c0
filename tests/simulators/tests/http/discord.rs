//! Discord's published webhook behaviour, one by one.

use std::time::Duration;

use crate::support::{status_and_body, world};
use reqwest::Method;
use serde_json::{Value, json};

const HOOK: &str = "/discord/api/webhooks/1/dev";

fn embed(embed: Value) -> Value {
    json!({ "embeds": [embed] })
}

#[tokio::test]
async fn a_message_is_204_and_with_wait_the_message() {
    let world = world().await;
    assert_eq!(world.post(HOOK, json!({ "content": "first" })).await, (204, json!("")));
    let (status, message) = world.post("/discord/api/v10/webhooks/1/dev?wait=true", json!({ "content": "second" })).await;
    assert_eq!((status, &message["content"], &message["webhook_id"]), (200, &json!("second"), &json!("1")));
    let (_, kept) = world.get("/control/discord/1/messages?count=2&wait=1000").await;
    assert_eq!(kept["messages"][0]["content"], "first");
    assert_eq!(kept["messages"][1]["sent"], json!({ "content": "second" }));
}

#[tokio::test]
async fn limits_are_inclusive_and_count_characters() {
    let world = world().await;
    let accepted = [
        json!({ "content": "é".repeat(2000) }),
        embed(json!({ "title": format!("  {}  ", "t".repeat(256)) })),
        embed(json!({ "description": "🌀".repeat(4096) })),
        embed(json!({ "fields": vec![json!({ "name": "n", "value": "v" }); 25] })),
        embed(json!({ "title": "t", "color": 0xFF_FF_FF, "timestamp": "2026-11-21T07:00:00Z" })),
        json!({ "embeds": vec![json!({ "title": "t" }); 10] }),
    ];
    for message in accepted {
        let (status, answer) = world.post(HOOK, message).await;
        assert_eq!(status, 204, "{answer}");
    }
    let refused = [
        (json!({ "content": "é".repeat(2001) }), "/content", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "title": "t".repeat(257) })), "/embeds/0/title", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "description": "d".repeat(4097) })), "/embeds/0/description", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "footer": { "text": "f".repeat(2049) } })), "/embeds/0/footer/text", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "author": { "name": "a".repeat(257) } })), "/embeds/0/author/name", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "fields": vec![json!({ "name": "n", "value": "v" }); 26] })), "/embeds/0/fields", "BASE_TYPE_MAX_LENGTH"),
        (embed(json!({ "fields": [{ "name": "n", "value": "" }] })), "/embeds/0/fields/0/value", "BASE_TYPE_REQUIRED"),
        (
            embed(json!({ "fields": [{ "name": "n", "value": "v".repeat(1025) }] })),
            "/embeds/0/fields/0/value",
            "BASE_TYPE_MAX_LENGTH",
        ),
        (embed(json!({ "color": 0x1_00_00_00 })), "/embeds/0/color", "NUMBER_TYPE_MAX"),
        (embed(json!({ "timestamp": "yesterday" })), "/embeds/0/timestamp", "DATE_TIME_TYPE_PARSE"),
        (embed(json!({ "image": { "url": "picture.png" } })), "/embeds/0/image/url", "URL_TYPE_INVALID_URL"),
        (json!({ "embeds": vec![json!({ "title": "t" }); 11] }), "/embeds", "BASE_TYPE_MAX_LENGTH"),
        (json!({ "embeds": vec![json!({ "description": "d".repeat(3001) }); 2] }), "/embeds", "MAX_EMBED_SIZE_EXCEEDED"),
        (json!({ "content": "a", "allowed_mentions": { "parse": ["all"] } }), "/allowed_mentions/parse/0", "BASE_TYPE_CHOICES"),
    ];
    for (message, place, code) in refused {
        let (status, answer) = world.post(HOOK, message).await;
        assert_eq!((status, &answer["code"]), (400, &json!(50035)), "{place}");
        let found = answer.pointer(&format!("/errors{place}/_errors/0/code"));
        assert_eq!(found, Some(&json!(code)), "{answer}");
    }
}

#[tokio::test]
async fn an_empty_message_and_broken_json_have_their_own_codes() {
    let world = world().await;
    let (status, answer) = world.post(HOOK, json!({ "content": " " })).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50006)));
    let (status, answer) = status_and_body(world.http.post(world.url(HOOK)).body("{").send().await.unwrap()).await;
    assert_eq!((status, &answer["code"]), (400, &json!(50109)));
}

#[tokio::test]
async fn an_unknown_webhook_is_404_and_a_wrong_token_401() {
    let world = world().await;
    let message = json!({ "content": "a" });
    let (status, answer) = world.post("/discord/api/webhooks/missing/dev", message.clone()).await;
    assert_eq!((status, &answer["code"]), (404, &json!(10015)));
    let (status, answer) = world.post("/discord/api/webhooks/1/invalid", message).await;
    assert_eq!((status, &answer["code"]), (401, &json!(50027)));
}

#[tokio::test]
async fn a_429_says_when_to_come_back_in_body_and_headers() {
    let world = world().await;
    let message = json!({ "content": "sim:discord-429=1 sim:discord-retry-after=1500" });
    let answer = world.send(Method::POST, HOOK, Some(message.clone())).await;
    assert_eq!(answer.headers()["retry-after"], "2");
    assert_eq!(answer.headers()["x-ratelimit-scope"], "user");
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "0");
    let (status, body) = status_and_body(answer).await;
    assert_eq!((status, &body["retry_after"], &body["global"]), (429, &json!(1.5), &json!(false)));
    assert_eq!(world.post(HOOK, message).await.0, 204);
    let global = json!({ "content": "sim:discord-429 sim:discord-global" });
    let answer = world.send(Method::POST, HOOK, Some(global)).await;
    assert_eq!(answer.headers()["x-ratelimit-global"], "true");
}

#[tokio::test]
async fn cloudflare_refuses_in_html_without_retry_after() {
    let world = world().await;
    let answer = world.send(Method::POST, HOOK, Some(json!({ "content": "sim:discord-cloudflare" }))).await;
    assert!(answer.headers().get("retry-after").is_none());
    let (status, page) = status_and_body(answer).await;
    assert_eq!(status, 429);
    assert!(page.as_str().unwrap().contains("1015"));
}

#[tokio::test]
async fn a_bucket_fills_within_two_seconds() {
    let world = world().await;
    let rule = json!({ "world": "discord", "id": "7", "scenario": "sim:discord-bucket=2" });
    assert_eq!(world.post("/control/rules", rule).await.0, 204);
    let mut statuses = Vec::new();
    for content in ["a", "b", "c"] {
        statuses.push(world.post("/discord/api/webhooks/7/dev", json!({ "content": content })).await.0);
    }
    assert_eq!(statuses, [204, 204, 429]);
    let (_, log) = world.get("/control/discord/7/attempts").await;
    assert_eq!(log["attempts"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn failures_come_before_or_after_the_message_is_kept() {
    let world = world().await;
    for (marker, status, kept) in [("500", 500, 0), ("503-after", 503, 1), ("silent", 204, 0)] {
        let content = format!("sim:discord-{marker} {marker}.");
        assert_eq!(world.post(HOOK, json!({ "content": content })).await.0, status);
        let (_, found) = world.get(&format!("/control/discord/1/messages?contains=discord-{marker}%20")).await;
        assert_eq!(found["messages"].as_array().unwrap().len(), kept, "{marker}");
    }
}

#[tokio::test]
async fn a_hanging_webhook_is_seen_in_the_attempts() {
    let world = world().await;
    let message = json!({ "content": "sim:discord-hang" });
    let request = world.http.post(world.url(HOOK)).json(&message).timeout(Duration::from_millis(200));
    assert!(request.send().await.unwrap_err().is_timeout());
    let (_, log) = world.get("/control/discord/1/attempts").await;
    assert_eq!(log["attempts"][0]["status"], Value::Null);
}

#[tokio::test]
async fn a_runpod_marker_in_a_message_means_nothing_here() {
    let world = world().await;
    assert_eq!(world.post(HOOK, json!({ "content": "sim:500 sim:fail" })).await.0, 204);
}

#[tokio::test]
async fn a_message_can_be_read_edited_and_deleted() {
    let world = world().await;
    let (_, message) = world.post(&format!("{HOOK}?wait=true"), json!({ "content": "running" })).await;
    let path = format!("{HOOK}/messages/{}", message["id"].as_str().unwrap());
    let edited = status_and_body(world.send(Method::PATCH, &path, Some(json!({ "content": "done" }))).await).await;
    assert_eq!((edited.0, &edited.1["content"]), (200, &json!("done")));
    assert!(edited.1["edited_timestamp"].is_string());
    assert_eq!(world.get(&path).await.1["content"], "done");
    assert_eq!(world.send(Method::DELETE, &path, None).await.status(), 204);
    assert_eq!(world.get(&path).await.0, 404);
    let (_, kept) = world.get("/control/discord/1/messages").await;
    assert_eq!((&kept["messages"][0]["edits"], &kept["messages"][0]["deleted"]), (&json!(1), &json!(true)));
}

#[tokio::test]
async fn everyone_is_rung_unless_mentions_are_forbidden() {
    let world = world().await;
    let loud = json!({ "content": "@everyone" });
    let quiet = json!({ "content": "@everyone", "allowed_mentions": { "parse": [] } });
    assert_eq!(world.post(&format!("{HOOK}?wait=true"), loud).await.1["mention_everyone"], true);
    assert_eq!(world.post(&format!("{HOOK}?wait=true"), quiet).await.1["mention_everyone"], false);
}
