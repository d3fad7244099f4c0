use edge::auth::random_uuid;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

use super::FUNCTION;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR and the rest of it";

fn app() -> App {
    App::native(&FUNCTION)
}

async fn ask(by: &Person, kind: &str, media_type: &str, bytes: usize) -> Answer {
    let body = json!({"kind": kind, "media_type": media_type, "bytes": bytes});
    app().post("/files").by(by).json(body).send().await
}

async fn asked(by: &Person, bytes: usize) -> Value {
    let answer = ask(by, "avatar", "image/png", bytes).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

/// Puts a file as a browser does, with headers as the answer has them but for what is changed.
async fn put(file: &Value, body: &[u8], changed: &[(&str, &str)]) -> u16 {
    let mut headers: Vec<(String, String)> = file["upload"]["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect();
    for (name, value) in changed {
        headers.retain(|(known, _)| known != name);
        headers.push(((*name).to_owned(), (*value).to_owned()));
    }
    let request = reqwest::Client::new().put(file["upload"]["url"].as_str().unwrap()).body(body.to_vec());
    let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
    request.send().await.unwrap().status().as_u16()
}

async fn complete(file: &Value, by: &Person) -> Answer {
    app().post(&format!("/files/{}/completion", file["id"].as_str().unwrap())).by(by).send().await
}

async fn get(file: &Value, by: &Person) -> Answer {
    app().get(&format!("/files/{}", file["id"].as_str().unwrap())).by(by).send().await
}

async fn delete(file: &Value, by: &Person) -> Answer {
    app().delete(&format!("/files/{}", file["id"].as_str().unwrap())).by(by).send().await
}

/// State, whether it is to be deleted, and whether only once the link has ended.
async fn row(file: &Value) -> Option<(String, bool, bool)> {
    let select = "select state, delete_after is not null, coalesce(delete_after >= upload_until, false) from files where id = $1::text::uuid";
    let row = database().await.query_opt(select, &[&file["id"].as_str().unwrap()]).await.unwrap();
    row.map(|row| (row.get(0), row.get(1), row.get(2)))
}

async fn age(file: &Value, minutes: i32) {
    let update = "update files set delete_after = delete_after - make_interval(mins => $2), upload_until = upload_until - make_interval(mins => $2)
                  where id = $1::text::uuid";
    database().await.execute(update, &[&file["id"].as_str().unwrap(), &minutes]).await.unwrap();
}

#[tokio::test]
async fn a_file_goes_straight_to_the_storage_and_is_kept_as_what_it_was_said_to_be() {
    let ada = Person::new().await;
    let file = asked(&ada, PNG.len()).await;
    assert_eq!((&file["state"], &file["url"], &file["kind"]), (&json!("awaited"), &Value::Null, &json!("avatar")));
    let early = complete(&file, &ada).await;
    assert_eq!((early.status, early.code().as_str()), (409, "file_not_uploaded"));
    assert_eq!(put(&file, PNG, &[]).await, 200);
    let completed = complete(&file, &ada).await;
    assert_eq!(
        (completed.status, &completed.json()["state"], &completed.json()["upload"]),
        (200, &json!("kept"), &Value::Null),
        "{completed:?}"
    );
    let read = reqwest::get(completed.json()["url"].as_str().unwrap()).await.unwrap();
    assert_eq!(read.headers()["content-type"], "image/png");
    assert_eq!(read.bytes().await.unwrap(), PNG);
    assert_eq!(complete(&file, &ada).await.status, 200, "said again");
    assert_eq!(row(&file).await, Some(("kept".to_owned(), false, false)));
    let list = app().get("/files").by(&ada).send().await.json();
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["id"]), (1, &file["id"]));
}

#[tokio::test]
async fn the_link_takes_one_file_of_that_type_and_length() {
    let ada = Person::new().await;
    let file = asked(&ada, PNG.len()).await;
    assert_eq!(put(&file, b"too short", &[]).await, 403);
    assert_eq!(put(&file, &[PNG, b"longer"].concat(), &[]).await, 403);
    assert_eq!(put(&file, PNG, &[("content-type", "text/html")]).await, 403);
    assert_eq!(put(&file, PNG, &[("if-none-match", "\"other\"")]).await, 403);
    assert_eq!(put(&file, PNG, &[]).await, 200);
    let other = [b"\x89PNG\r\n\x1a\n".as_slice(), &vec![b'x'; PNG.len() - 8]].concat();
    assert_eq!(put(&file, &other, &[]).await, 412, "nothing is put over it");
    assert_eq!(complete(&file, &ada).await.status, 200);
    assert_eq!(put(&file, &other, &[]).await, 412, "nor once it is kept");
}

#[tokio::test]
async fn a_page_in_the_clothes_of_a_picture_is_let_go() {
    let ada = Person::new().await;
    let page = b"<html><script>alert(document.domain)</script></html>";
    let file = asked(&ada, page.len()).await;
    assert_eq!(put(&file, page, &[]).await, 200);
    let refused = complete(&file, &ada).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "file_is_other"));
    assert_eq!(row(&file).await, Some(("leaving".to_owned(), true, true)), "deleted once nobody can put it again");
    assert_eq!((get(&file, &ada).await.status, complete(&file, &ada).await.status), (404, 404));
    // The storage holds it to its length, but another one might not.
    let file = asked(&ada, PNG.len() + 1).await;
    let stored = format!("update files set bytes = {} where id = $1::text::uuid", PNG.len());
    assert_eq!(put(&file, &[PNG, b"x"].concat(), &[]).await, 200);
    database().await.execute(&stored, &[&file["id"].as_str().unwrap()]).await.unwrap();
    assert_eq!(complete(&file, &ada).await.code(), "file_is_other");
}

#[tokio::test]
async fn a_file_is_its_owners_and_to_others_as_missing_as_none() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let file = asked(&ada, PNG.len()).await;
    put(&file, PNG, &[]).await;
    for answer in [get(&file, &eve).await, complete(&file, &eve).await, delete(&file, &eve).await] {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    }
    assert_eq!(app().get("/files").by(&eve).send().await.json()["items"], json!([]));
    assert_eq!(complete(&file, &ada).await.status, 200);
    let text = get(&file, &ada).await.json().to_string();
    assert!(!text.contains(&ada.id.to_string()), "the address tells nobody's id: {text}");
}

#[tokio::test]
async fn a_deleted_file_is_gone_at_once_and_leaves_the_storage_when_its_link_has_ended() {
    let ada = Person::new().await;
    let file = asked(&ada, PNG.len()).await;
    put(&file, PNG, &[]).await;
    complete(&file, &ada).await;
    assert_eq!((delete(&file, &ada).await.status, delete(&file, &ada).await.status), (204, 404));
    assert_eq!(get(&file, &ada).await.status, 404);
    assert_eq!(app().get("/files").by(&ada).send().await.json()["items"], json!([]));
    assert_eq!(row(&file).await, Some(("leaving".to_owned(), true, true)));
    let late = asked(&ada, PNG.len()).await;
    age(&late, 16).await;
    assert_eq!(get(&late, &ada).await.json()["upload"], Value::Null, "its link has ended, and there is no other");
    age(&late, 60).await;
    assert_eq!((get(&late, &ada).await.status, complete(&late, &ada).await.status), (404, 404), "its time is over");
}

#[tokio::test]
async fn an_account_that_goes_takes_its_files_along() {
    let ada = Person::new().await;
    let file = asked(&ada, PNG.len()).await;
    put(&file, PNG, &[]).await;
    complete(&file, &ada).await;
    database().await.execute("delete from users where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(row(&file).await, Some(("leaving".to_owned(), true, true)));
}

#[tokio::test]
async fn a_voice_is_kept_of_whoever_agrees() {
    let ada = Person::new().await;
    let refused = ask(&ada, "voice", "audio/ogg", 100).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "consent_required"));
    let decide = async |granted: bool| {
        let insert = "insert into consents (user_id, purpose, version, granted)
                      select $1, purpose, version, $2 from consent_purposes where purpose = 'voice'";
        database().await.execute(insert, &[&ada.id, &granted]).await.unwrap();
    };
    decide(true).await;
    assert_eq!(ask(&ada, "voice", "audio/ogg", 100).await.status, 201);
    decide(false).await;
    assert_eq!(ask(&ada, "voice", "audio/ogg", 100).await.code(), "consent_required");
}

#[tokio::test]
async fn nobody_stores_more_than_their_tier_allows_not_even_at_once() {
    let ada = Person::new().await;
    let large = || ask(&ada, "audio", "audio/mpeg", 45_000_000);
    let all = futures::future::join_all((0..6).map(|_| large())).await;
    assert_eq!(all.iter().filter(|answer| answer.status == 201).count(), 4, "{all:?}");
    let first = all.iter().find(|answer| answer.status == 201).unwrap().json();
    assert_eq!((large().await.status, large().await.code()), (402, "subscription_required".to_owned()));
    assert_eq!(delete(&first, &ada).await.status, 204);
    assert_eq!(large().await.status, 402, "until the storage has let it go");
    database().await.execute("delete from files where id = $1::text::uuid", &[&first["id"].as_str().unwrap()]).await.unwrap();
    assert_eq!(large().await.status, 201);
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(large().await.status, 201);
    let fill = "insert into files (user_id, kind, media_type, bytes, address, upload_until, delete_after)
                values ($1, 'audio', 'audio/mpeg', 9990000000, 'storage://files/' || md5(gen_random_uuid()::text) || '/' || gen_random_uuid(), edge.now(), edge.now())";
    database().await.execute(fill, &[&ada.id]).await.unwrap();
    assert_eq!(large().await.code(), "limit_reached");
}

#[tokio::test]
async fn what_is_no_file_of_its_kind_is_refused() {
    let ada = Person::new().await;
    for (kind, media_type, bytes, refusal) in [
        ("avatar", "image/svg+xml", 10, "media_type:not_allowed"),
        ("avatar", "audio/ogg", 10, "media_type:not_allowed"),
        ("voice", "image/png", 10, "media_type:not_allowed"),
        ("avatar", "image/png", 0, "bytes:range"),
        ("avatar", "image/png", 5_000_001, "bytes:range"),
        ("film", "image/png", 10, "kind:not_allowed"),
    ] {
        let answer = ask(&ada, kind, media_type, bytes).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{kind} {media_type} {bytes}");
    }
    let missing = json!({"id": random_uuid().unwrap().to_string()});
    for answer in [get(&missing, &ada).await, complete(&missing, &ada).await, delete(&missing, &ada).await] {
        assert_eq!(answer.status, 404);
    }
}

#[tokio::test]
async fn a_storage_that_fails_changes_nothing_and_one_that_is_not_there_is_said() {
    let ada = Person::new().await;
    let bucket = format!("down-{}", random_uuid().unwrap().simple());
    let down = app().with("STORAGE_BUCKET", &bucket);
    let body = json!({"kind": "avatar", "media_type": "image/png", "bytes": PNG.len()});
    let file = down.post("/files").by(&ada).json(body.clone()).send().await.json();
    assert_eq!(put(&file, PNG, &[]).await, 200);
    let rules = format!("{}/control/rules", variable("SIMULATORS_URL"));
    let rule = json!({"world": "storage", "id": bucket, "scenario": "sim:503"});
    reqwest::Client::new().post(&rules).json(&rule).send().await.unwrap();
    let path = format!("/files/{}/completion", file["id"].as_str().unwrap());
    let failed = down.post(&path).by(&ada).send().await;
    assert_eq!((failed.status, failed.code().as_str()), (503, "unavailable"), "{failed:?}");
    assert_eq!(row(&file).await.unwrap().0, "awaited");
    reqwest::Client::new().delete(format!("{rules}?world=storage&id={bucket}")).send().await.unwrap();
    assert_eq!(down.post(&path).by(&ada).send().await.status, 200);
    let unset = app().with("STORAGE_URL", "");
    assert_eq!(unset.post("/files").by(&ada).json(body).send().await.code(), "storage_not_configured");
    for path in ["/files", &format!("/files/{}", file["id"].as_str().unwrap())] {
        assert_eq!(unset.get(path).by(&ada).send().await.code(), "storage_not_configured");
    }
}

#[tokio::test]
async fn a_browser_may_put_and_read() {
    let ada = Person::new().await;
    let file = asked(&ada, PNG.len()).await;
    let url = file["upload"]["url"].as_str().unwrap();
    let ask = |method: &str, headers: &str| {
        let request = reqwest::Client::new().request(reqwest::Method::OPTIONS, url).header("origin", "https://app.example");
        request.header("access-control-request-method", method).header("access-control-request-headers", headers).send()
    };
    let allowed = ask("PUT", "content-type,if-none-match").await.unwrap();
    assert_eq!(
        (allowed.status().as_u16(), &allowed.headers()["access-control-allow-origin"]),
        (204, &"https://app.example".parse().unwrap())
    );
    assert_eq!(ask("DELETE", "").await.unwrap().status(), 403);
    assert_eq!(ask("PUT", "authorization").await.unwrap().status(), 403);
}
