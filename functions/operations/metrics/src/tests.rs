use prometheus_parse::{Scrape, Value};
use testing::{Answer, App, Person, database, variable};

use super::*;

async fn scrape() -> Answer {
    App::native(&FUNCTION).get("/metrics").token(&variable("METRICS_TOKEN")).send().await
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    String::from_utf8(answer.body.clone()).unwrap()
}

/// As an independent reader understands it.
fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let read = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let sample = read
        .samples
        .iter()
        .find(|sample| sample.metric == name && labels.iter().all(|(label, value)| sample.labels.get(label) == Some(*value)))?;
    match sample.value {
        Value::Gauge(value) => Some(value),
        ref other => panic!("{name} is {other:?}"),
    }
}

#[tokio::test]
async fn an_independent_reader_understands_every_line() {
    let answer = scrape().await;
    assert_eq!(answer.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = text(&answer);
    let read = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let samples = text.lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!((read.samples.len(), text.ends_with("# EOF\n")), (samples, true), "{text}");
    for (family, ..) in FAMILIES {
        assert_eq!(text.matches(&format!("# TYPE {family} gauge\n")).count(), 1, "{family}");
    }
    for sample in read.samples {
        assert!(FAMILIES.iter().any(|(family, ..)| *family == sample.metric), "{sample:?}");
    }
}

#[tokio::test]
async fn numbers_follow_what_happens() {
    let owner = database().await;
    let ada = Person::new().await;
    let before = text(&scrape().await);
    owner.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    let digest = format!("{:064x}", ada.id.as_u128());
    owner
        .execute(
            "insert into login_failures (email_hash, ip, failures, failed_at, locked_until)
             values ($1, '2001:db8::', 7, edge.now(), edge.now() + interval '1 hour')",
            &[&digest],
        )
        .await
        .unwrap();
    owner
        .execute(
            "insert into jobs (user_id, kind, state, endpoint, delay_ms, execution_ms, created_at, expires_at, finished_at)
             values ($1, 'pose', 'succeeded', 'pose', 90000000, 80000000, edge.now(), edge.now(), edge.now()),
               ($1, 'pose', 'queued', 'pose', null, null, '2000-01-01', '2200-01-01', null)",
            &[&ada.id],
        )
        .await
        .unwrap();
    let after = text(&scrape().await);
    let grown = |name, labels| value(&after, name, labels).unwrap() - value(&before, name, labels).unwrap_or_default();
    // Other tests make people too, so a number may have grown by more.
    assert!(grown("oree_users", &[("tier", "PREMIUM")]) >= 1.0, "{after}");
    assert!(grown("oree_failed_sign_ins", &[]) >= 7.0 && grown("oree_locked_sign_ins", &[]) >= 1.0, "{after}");
    assert!(grown("oree_jobs", &[("kind", "pose"), ("state", "succeeded")]) >= 1.0, "{after}");
    let p95 = value(&after, "oree_runpod_delay_seconds", &[("kind", "pose"), ("quantile", "0.95")]).unwrap();
    assert!(p95 > 0.0 && p95 <= 90_000.0, "{p95}");
    let twenty_years = 20.0 * 365.0 * 86_400.0;
    assert!(value(&after, "oree_oldest_job_seconds", &[("kind", "pose")]).unwrap() > twenty_years, "{after}");
    owner.execute("delete from jobs where user_id = $1", &[&ada.id]).await.unwrap();
}

#[tokio::test]
async fn no_line_is_about_a_person() {
    let ada = Person::new().await;
    let text = text(&scrape().await);
    for word in [ada.id.to_string(), ada.email.clone(), "@".to_owned(), "2001:db8".to_owned()] {
        assert!(!text.contains(&word), "{word} in {text}");
    }
    // A label with many values would be a series for each.
    assert!(text.lines().count() < 300, "{text}");
}

#[tokio::test]
async fn only_the_scrapers_token_opens_them() {
    let app = App::native(&FUNCTION);
    let admin = Person::admin().await;
    let token = variable("METRICS_TOKEN");
    let wrong = [app.get("/metrics"), app.get("/metrics").by(&admin), app.get("/metrics").token(&token[1..])];
    for call in wrong {
        let answer = call.send().await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{answer:?}");
    }
    let without = app.with("METRICS_TOKEN", "").get("/metrics").token("").send().await;
    assert_eq!((without.status, without.code().as_str()), (503, "metrics_not_configured"));
}

#[test]
fn a_label_cannot_break_its_line() {
    let labels = [("kind".to_owned(), "a\"b\\c\nd".to_owned())].into();
    let text = written(&[Sample { name: "oree_jobs".to_owned(), labels, value: 1.5 }]);
    assert!(text.contains("oree_jobs{kind=\"a\\\"b\\\\c\\nd\"} 1.5\n"), "{text}");
}
