//! What is wrong with a request is said as a 4xx problem that names the field; it is never a 5xx.

use edge::Media;
use laws::{Subject, subjects, with_query};
use serde_json::{Value, json};
use testing::{Answer, App, Call};

/// Sends a spoiled request as somebody who may call the endpoint.
async fn send(subject: &Subject, app: &App, spoil: impl FnOnce(Call) -> Call) -> Answer {
    let person = subject.person().await;
    let call = spoil(subject.call(app, &person.id.to_string()));
    let answer = if subject.is_public() { call.send().await } else { call.by(&person).send().await };
    assert!((400..500).contains(&answer.status), "{}: {answer:?}", subject.name());
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{}", subject.name());
    let problem = answer.json();
    assert_eq!(problem["request_id"].as_str(), answer.header("x-request-id"), "{}", subject.name());
    assert_eq!(problem["status"], answer.status, "{}", subject.name());
    answer
}

fn with_bodies() -> impl Iterator<Item = Subject> {
    subjects().into_iter().filter(|subject| subject.takes_body() && !subject.is_signed())
}

/// Those whose body is JSON, whatever else it may be.
fn with_json() -> impl Iterator<Item = Subject> {
    with_bodies().filter(Subject::takes_json)
}

#[tokio::test]
async fn a_body_that_is_not_json_is_malformed() {
    let app = App::edge();
    for subject in with_json() {
        let nested = ["{\"a\":", &"[".repeat(20_000)].concat();
        for body in [&b"{"[..], b"{\"a\":}", b"\xff\xfe", b"{} {}", b"{\"a\":\"\\ud800\"}", nested.as_bytes()] {
            let answer = send(&subject, &app, |call| call.body("application/json", body)).await;
            let known = matches!((answer.status, answer.code().as_str()), (400, "malformed_json") | (422, "invalid"));
            assert!(known, "{} with {:.40}: {answer:?}", subject.name(), String::from_utf8_lossy(body));
        }
    }
}

#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let app = App::edge();
    for subject in with_bodies() {
        let taken = subject.media();
        let kinds = [
            (Media::JSON, "application/json"),
            (Media::TEXT, "text/plain"),
            (Media::FORM, "application/x-www-form-urlencoded"),
            (Media::MULTIPART, "multipart/form-data; boundary=x"),
            (Media::ANY, "image/png"),
        ];
        for (_, kind) in kinds.into_iter().filter(|(media, _)| !taken.has(media.or(Media::ANY))) {
            let answer = send(&subject, &app, |call| call.body(kind, b"{}")).await;
            assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"), "{} as {kind}", subject.name());
            let accepts = answer.json()["accepts"].as_str().map(str::to_owned);
            assert_eq!(accepts, Some(taken.names().collect::<Vec<_>>().join(", ")), "{}", subject.name());
        }
    }
}

#[tokio::test]
async fn a_body_above_its_cap_is_too_large() {
    let app = App::edge();
    for subject in with_bodies() {
        let body = vec![b'x'; subject.endpoint.body + 1];
        let kind = subject.media().names().next().unwrap();
        let answer = send(&subject, &app, |call| call.body(kind, &body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"), "{}", subject.name());
    }
}

#[tokio::test]
async fn unknown_missing_and_mistyped_fields_are_named() {
    let app = App::edge();
    for subject in with_json() {
        let sample = subject.sample_body().unwrap();
        let mut more = sample.clone();
        more["is_admin_"] = json!(true);
        let answer = send(&subject, &app, |call| call.json(more)).await;
        assert_eq!(
            (answer.status, answer.wrong_fields()),
            (422, vec!["is_admin_:unknown_field".to_owned()]),
            "{}",
            subject.name()
        );

        for name in sample.as_object().unwrap().keys() {
            let mut null = sample.clone();
            null[name] = Value::Null;
            let answer = send(&subject, &app, |call| call.json(null)).await;
            assert_eq!((answer.status, answer.wrong_fields()), (422, vec![format!("{name}:not_nullable")]), "{}", subject.name());
        }
        for name in subject.all_fields() {
            for wrong in [json!({"$ne": 1}), json!([[]])] {
                let mut mistyped = sample.clone();
                mistyped[&name] = wrong;
                let answer = send(&subject, &app, |call| call.json(mistyped)).await;
                assert_eq!(answer.status, 422, "{} with {name}", subject.name());
                assert!(answer.wrong_fields()[0].starts_with(&name), "{}: {answer:?}", subject.name());
            }
        }
        if subject.requires_body() {
            let answer = send(&subject, &app, |call| call.json(json!([]))).await;
            assert_eq!(answer.status, 422, "{}", subject.name());
        }
    }
}

#[tokio::test]
async fn a_nul_character_is_refused_in_every_text_field() {
    let app = App::edge();
    for subject in with_json() {
        for name in subject.fields("string") {
            let mut body = subject.sample_body().unwrap();
            body[&name] = json!("a\u{0}b and more");
            let answer = send(&subject, &app, |call| call.json(body)).await;
            assert_eq!(answer.status, 422, "{} with {name}: {answer:?}", subject.name());
        }
    }
}

#[tokio::test]
async fn text_that_means_something_to_sql_is_only_text() {
    let app = App::edge();
    for subject in with_json() {
        for name in subject.fields("string") {
            for text in ["'; drop table users; --", "\\'; select pg_sleep(5); --", "$$||1", "{\"a\",b}", "%' or 1=1"] {
                let mut body = subject.sample_body().unwrap();
                body[&name] = json!(text);
                let person = subject.person().await;
                let call = subject.call(&app, &person.id.to_string()).json(body);
                let answer = if subject.is_public() { call.send().await } else { call.by(&person).send().await };
                assert!(answer.status < 500, "{} with {name} = {text}: {answer:?}", subject.name());
            }
        }
    }
}

#[tokio::test]
async fn wrong_path_and_query_parameters_are_named() {
    let app = App::edge();
    for subject in subjects().iter().filter(|subject| !subject.is_signed()) {
        if subject.has_path_parameters() {
            for id in ["x", "99999999999999999999999", "%00", "1%20or%201=1"] {
                let person = subject.person().await;
                let call = subject.call(&app, id);
                let path = subject.endpoint.path.split('/').map(|part| match edge::route::parameter(part) {
                    Some((_, ending)) => [id, ending].concat(),
                    None => part.to_owned(),
                });
                let call_at = app.call(subject.endpoint.method, &path.collect::<Vec<_>>().join("/"));
                drop(call);
                let call_at = match subject.sample_body() {
                    Some(body) => subject.with_body(call_at, body),
                    None => call_at,
                };
                let answer = if subject.is_public() { call_at.send().await } else { call_at.by(&person).send().await };
                assert_eq!(
                    (answer.status, answer.json()["errors"][0]["in"].as_str()),
                    (422, Some("path")),
                    "{} with {id}",
                    subject.name()
                );
            }
        }
        if subject.refuses_unknown_parameters() {
            let person = subject.person().await;
            let path = with_query(&subject.path(&person.id.to_string()), "unheard_of", "1");
            let call = app.call(subject.endpoint.method, &path);
            let answer = if subject.is_public() { call.send().await } else { call.by(&person).send().await };
            assert_eq!(answer.wrong_fields(), ["unheard_of:unknown_field"], "{}", subject.name());
        }
    }
}
