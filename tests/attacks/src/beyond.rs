//! What has no endpoint of its own: functions that only the clock may call, links in letters, and the log.

use std::fs;
use std::path::Path;

use auth::{Keys, Role};
use contracts::FUNCTIONS;
use edge::Trigger;
use laws::Subject;
use serde_json::json;
use testing::{App, letters_to, now, variable};

use crate::scene::Scene;
use crate::tally::Tally;
use crate::verdict::{EVIL, Expect, INJECTED, Verdict};

/// Calls the functions of the clock as somebody else.
///
/// # Panics
/// Where `JWT_KEYS` is not usable.
pub async fn call_the_clocks_functions(app: &App, scene: &Scene, tally: &mut Tally) {
    let keys = Keys::parse(&variable("JWT_KEYS")).expect("JWT_KEYS is not usable");
    scene.recruit(Role::Admin, 100).await;
    for function in FUNCTIONS.iter().filter(|function| matches!(function.trigger, Trigger::Cron { .. } | Trigger::Clock { .. })) {
        let call = |method: &str, path: &str| app.call(method, path).header("mf-route-override", function.package);
        let admin = scene.somebody(Role::Admin).token(now());
        for (label, call) in [
            ("nobody", call("POST", "/")),
            ("an administrator", call("POST", "/").token(&admin)),
            ("another function's token", call("POST", "/").token(&keys.issue_internal("operations-nothing", now()))),
            (
                "an old token of its own",
                call("POST", "/").token(&keys.issue_internal(function.package, now() - chrono::Duration::hours(1))),
            ),
            ("a moved clock", call("POST", "/").header("x-oree-scheduled", "2000-01-01T00:00:00Z")),
            ("a GET", call("GET", "/")),
        ] {
            let answer = call.send().await;
            let verdict = scene.secrets.judge(Expect::Status(&[401, 404, 405]), &answer);
            tally.add("function of the clock", &format!("{}: {label}", function.package), verdict);
        }
    }
}

/// Has every function that writes letters write one while the request claims to come by another host.
///
/// # Panics
/// Where nothing answers.
pub async fn bend_links(app: &App, scene: &Scene, subjects: &[Subject], tally: &mut Tally) {
    let headers = [
        ("x-forwarded-host", EVIL),
        ("forwarded", "host=evil.example"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/"),
        ("x-forwarded-proto", "javascript"),
        ("x-original-host", EVIL),
        ("x-host", EVIL),
    ];
    scene.recruit(Role::User, 100).await;
    scene.recruit(Role::Admin, 100).await;
    let mut letters = 0;
    for subject in subjects
        .iter()
        .filter(|subject| subject.function.variables().any(|variable| variable.name == "MAIL_URL") && subject.takes_body())
    {
        for (name, value) in headers {
            let (writer, person) = (
                scene.somebody(if subject.endpoint.caller == "Admin" { Role::Admin } else { Role::User }),
                scene.somebody(Role::User),
            );
            let password = "une phrase de passe";
            writer.set_password(password).await;
            let address = format!("lettre.{}", person.email);
            let known = subject.endpoint.path.contains("password");
            let mut body = subject.sample_body().unwrap_or_default();
            for field in subject.all_fields() {
                match field.as_str() {
                    "email" | "new_email" => body[&field] = json!(if known { &person.email } else { &address }),
                    "password" | "current_password" => body[&field] = json!(password),
                    _ => {}
                }
            }
            let call = app.call(subject.endpoint.method, &subject.path(&writer.id.to_string()));
            let call = subject.with_body(call, body).header(name, value);
            let call = if subject.is_public() { call } else { call.by(&writer) };
            let answer = call.send().await;
            let mut verdict = scene.secrets.judge(Expect::Harmless, &answer);
            for recipient in [&address, &person.email, &writer.email] {
                for letter in letters_to(recipient).await {
                    letters += 1;
                    let links = letter.text.split_whitespace().filter(|word| word.contains("://"));
                    let astray: Vec<&str> = links.filter(|link| !link.starts_with(&variable("APP_URL"))).collect();
                    if !astray.is_empty() || letter.text.contains(EVIL) {
                        verdict = Verdict::Breached(format!("{letter:?}"));
                    }
                }
            }
            tally.add("link in a letter", &format!("{}: {name}: {value}", subject.name()), verdict);
        }
    }
    assert!(letters > headers.len(), "only {letters} letters were written");
}

/// Looks for tokens, passwords and somebody's texts in what the functions have logged.
///
/// # Panics
/// Where there is no log.
pub fn read_the_log(scene: &Scene, tally: &mut Tally) {
    let log = fs::read_to_string(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/test-edge.log")))
        .expect("the edge's log cannot be read");
    assert!(log.lines().count() > 1000, "the log is too short to prove anything");
    // The beginning of a token's header in base64, of a good one and of others; and what attackers have sent.
    let secrets = ["eyJ", "Bearer ", "une phrase de passe", "canary.songs", "#token=", EVIL, INJECTED];
    for secret in scene.secrets.texts.iter().map(String::as_str).chain(secrets) {
        let verdict = match log.lines().find(|line| line.contains(secret)) {
            Some(line) => Verdict::Breached(format!("{line:.300}")),
            None => Verdict::Held,
        };
        tally.add("secret in the log", secret, verdict);
    }
}
