use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edge::auth::{random_uuid, sha256_hex};
use edge::chrono::{DateTime, Duration, Utc};
use futures::future::join_all;
use serde_json::{Value, json};
use testing::{Answer, App, Person, Timing, database, insta};
use tokio::sync::RwLock;

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";
const PASSWORD: &str = "trois petits chats";

/// `verify_first` holds for everybody, so its test runs alone.
static SETTING: RwLock<()> = RwLock::const_new(());

async fn login(email: &str, password: &str) -> Answer {
    login_at(NOON, email, password).await
}

async fn login_at(now: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    App::native(&FUNCTION).at(now).post("/auth/login").header("user-agent", "Firefox").json(body).send().await
}

/// Somebody whose password is [`PASSWORD`].
async fn account() -> Person {
    let person = Person::new().await;
    person.set_password(PASSWORD).await;
    person
}

/// An address that no account has.
fn nobody() -> String {
    format!("{}@example.org", random_uuid().unwrap())
}

async fn change(person: &Person, what: &str, value: &str) {
    let update = format!("update users set {what} where id = $1 and $2::text is not null");
    database().await.execute(&update, &[&person.id, &value]).await.unwrap();
}

/// What a caller can see, but for the id of the request.
fn seen(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    let headers = answer.headers.clone().into_iter().filter(|(name, _)| name != "x-request-id");
    (answer.status, body, headers.collect())
}

fn sql_calls(answer: &Answer) -> Value {
    serde_json::from_str::<Value>(&answer.log[0]).unwrap()["sql"]["calls"].clone()
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let answer = login(&format!(" {} ", ada.email.to_uppercase()), PASSWORD).await;
    assert_eq!((answer.status, sql_calls(&answer)), (200, json!(1)), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["user"]["id"], json!(ada.id));
    insta::assert_json_snapshot!(body, {
        ".access_token" => "[token]", ".refresh_token" => "[token]", ".user.id" => "[id]", ".user.email" => "[email]",
        ".user.registration_date" => "[time]", ".user.updated_at" => "[time]",
    }, @r#"
    {
      "access_token": "[token]",
      "expires_in": 900,
      "refresh_token": "[token]",
      "token_type": "Bearer",
      "user": {
        "country": null,
        "email": "[email]",
        "email_verified": true,
        "id": "[id]",
        "last_login_at": "2026-06-01T12:00:00Z",
        "locale": "fr",
        "login_count": 1,
        "name": null,
        "phone": null,
        "registration_date": "[time]",
        "role": "user",
        "tier": "FREE",
        "time_zone": "Europe/Paris",
        "updated_at": "[time]"
      }
    }
    "#);
    let hash = sha256_hex(body["refresh_token"].as_str().unwrap().as_bytes());
    let session = database()
        .await
        .query_one("select user_id::text, device from user_sessions where refresh_hash = $1", &[&hash])
        .await
        .unwrap();
    assert_eq!((session.get::<_, String>(0), session.get::<_, &str>(1)), (ada.id.to_string(), "Firefox"));
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_account_look_alike() {
    let ada = account().await;
    let wrong = login(&ada.email, "trois petits chiens").await;
    let missing = login(&nobody(), "trois petits chiens").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
    assert_eq!(seen(&wrong), seen(&missing));
    assert_eq!((sql_calls(&wrong), sql_calls(&missing)), (json!(1), json!(1)));
}

#[tokio::test]
async fn the_fifth_failure_makes_one_network_wait_for_30_seconds() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    for _ in 0..5 {
        assert_eq!(login_from(network, NOON, &ada.email, "trois petits chiens").await.status, 401);
    }
    let locked = login_from(network, NOON, &ada.email, PASSWORD).await;
    assert_eq!((locked.status, locked.code().as_str(), locked.header("retry-after")), (429, "locked", Some("30")));
    assert_eq!(login_from(network + 1, NOON, &ada.email, PASSWORD).await.status, 200, "elsewhere");
    let late = login_from(network, "2026-06-01T12:00:29Z", &ada.email, PASSWORD).await;
    assert_eq!(late.header("retry-after"), Some("1"));
    assert_eq!(login_from(network, "2026-06-01T12:00:31Z", &ada.email, PASSWORD).await.status, 200);
}

/// One sign-in from a network of documentation addresses.
async fn login_from(network: u32, now: &str, email: &str, password: &str) -> Answer {
    let (high, low) = (network >> 16, network & 0xffff);
    let call = App::native(&FUNCTION).at(now).post("/auth/login");
    let call = call.header("cf-connecting-ip", &format!("3fff:{high:x}:{low:x}::1"));
    call.json(json!({"email": email, "password": password})).send().await
}

/// The first of 256 networks that no other test has: 3fff::/20 is for documentation (RFC 9637).
fn networks() -> u32 {
    let bytes = random_uuid().unwrap().into_bytes();
    u32::from_be_bytes([0, bytes[0], bytes[1], 0]) & 0x0fff_ffff
}

fn wait_of(answer: &Answer) -> Option<i64> {
    (answer.code() == "locked").then(|| answer.header("retry-after").unwrap().parse().unwrap())
}

#[tokio::test]
async fn waiting_doubles_up_to_a_quarter_of_an_hour_and_is_forgotten_after_one() {
    let (email, network) = (nobody(), networks());
    let noon: DateTime<Utc> = NOON.parse().unwrap();
    let at = |seconds: i64| (noon + Duration::seconds(seconds)).to_rfc3339();
    for _ in 0..5 {
        assert_eq!(login_from(network, &at(0), &email, "x").await.status, 401);
    }
    let (mut clock, mut waits) = (0, Vec::new());
    for _ in 0..7 {
        let wait = wait_of(&login_from(network, &at(clock), &email, "x").await).unwrap();
        waits.push(wait);
        clock += wait;
        assert_eq!(login_from(network, &at(clock), &email, "x").await.status, 401, "the wait is over");
    }
    assert_eq!(waits, [30, 60, 120, 240, 480, 900, 900]);
    clock += 3601;
    assert_eq!(login_from(network, &at(clock), &email, "x").await.status, 401);
    assert_eq!(login_from(network, &at(clock), &email, "x").await.status, 401, "counted from one again");
}

#[tokio::test]
async fn an_attack_from_many_networks_makes_strangers_wait_and_never_the_owner_at_home() {
    let _shared = SETTING.read().await;
    let (ada, home) = (account().await, networks());
    assert_eq!(login_from(home, NOON, &ada.email, PASSWORD).await.status, 200);
    for attacker in 1..=20 {
        assert_eq!(login_from(home + attacker, NOON, &ada.email, "x").await.status, 401);
    }
    let stranger = login_from(home + 30, NOON, &ada.email, PASSWORD).await;
    assert_eq!((stranger.status, wait_of(&stranger)), (429, Some(30)), "even with the right password");
    assert_eq!(login_from(home, NOON, &ada.email, PASSWORD).await.status, 200);
    assert_eq!(login_from(home + 30, "2026-06-01T12:00:31Z", &ada.email, PASSWORD).await.status, 200);
    let missing = nobody();
    for attacker in 1..=20 {
        login_from(home + attacker, NOON, &missing, "x").await;
    }
    assert_eq!(seen(&login_from(home + 30, NOON, &missing, PASSWORD).await), seen(&stranger), "a missing account locks alike");
}

#[tokio::test]
async fn a_network_that_tries_a_hundred_addresses_waits_and_those_who_live_there_do_not() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    assert_eq!(login_from(network, NOON, &ada.email, PASSWORD).await.status, 200);
    for _ in 0..100 {
        assert_eq!(login_from(network, NOON, &nobody(), "x").await.status, 401);
    }
    assert_eq!(wait_of(&login_from(network, NOON, &nobody(), "x").await), Some(30));
    assert_eq!(login_from(network, NOON, &ada.email, PASSWORD).await.status, 200);
    assert_eq!(login_from(network + 1, NOON, &nobody(), "x").await.status, 401, "next door");
}

/// 200 existing and 200 missing addresses in pairs, each pair from a network of its own. The bound is five standard
/// deviations of chance.
#[tokio::test]
async fn the_time_of_a_refusal_does_not_tell_whether_the_account_exists() {
    const PAIRS: u32 = 200;
    let network = networks();
    let tag = random_uuid().unwrap().simple().to_string();
    let insert = "insert into users (email, password_hash)
                  select n || $1 || '@example.org', edge.bcrypt_hash('x') from generate_series(1, $2::integer) as n";
    database().await.execute(insert, &[&tag, &i32::try_from(PAIRS).unwrap()]).await.unwrap();
    let timed = async |number: u32, email: String| {
        let started = Instant::now();
        assert_eq!(login_from(network + number, NOON, &email, "trois petits chiens").await.status, 401);
        started.elapsed().as_secs_f64() * 1000.0
    };
    let mut timing = Timing::default();
    for number in 1..=PAIRS {
        let (one, none) = (format!("{number}{tag}@example.org"), format!("{number}x{tag}@example.org"));
        // Who is first alternates, so that neither always meets the warmer cache.
        let (existing, missing) = if number % 2 == 0 {
            let existing = timed(number, one).await;
            (existing, timed(number, none).await)
        } else {
            let missing = timed(number, none).await;
            (timed(number, one).await, missing)
        };
        timing.add(existing, missing);
    }
    let (existing, missing) = timing.medians();
    println!("login: existing {existing:.2} ms, missing {missing:.2} ms, longer with chance {:.3}", timing.chance());
    assert!((timing.chance() - 0.5).abs() < 0.15, "existing {existing:.2} ms, missing {missing:.2} ms, {}", timing.chance());
}

#[tokio::test]
async fn only_the_right_password_learns_that_an_account_is_banned_or_inactive() {
    for (column, code) in [("is_banned = true", "banned"), ("is_active = false", "inactive")] {
        let ada = account().await;
        change(&ada, column, "").await;
        let refused = login(&ada.email, PASSWORD).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, code));
        assert_eq!(login(&ada.email, "trois petits chiens").await.code(), "invalid_credentials");
    }
}

#[tokio::test]
async fn a_closed_account_says_so_to_its_password_alone_and_is_opened_again_where_that_is_asked_for() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    change(&ada, "deleted_at = '2026-05-20T12:00:00Z'", "").await;
    let wrong = login(&ada.email, "trois petits chiens").await;
    assert_eq!(seen(&wrong), seen(&login(&nobody(), PASSWORD).await));
    let closed = login(&ada.email, PASSWORD).await;
    assert_eq!((closed.status, closed.code().as_str()), (403, "account_closed"));
    assert_eq!(closed.json()["erased_at"], "2026-06-19T12:00:00Z");
    let late = login_at("2026-06-19T12:00:00Z", &ada.email, PASSWORD).await;
    assert_eq!((late.status, late.code().as_str()), (401, "invalid_credentials"), "it is being deleted");
    let body = json!({"email": ada.email, "password": PASSWORD, "restore": true});
    let again = App::native(&FUNCTION).at(NOON).post("/auth/login").json(body).send().await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(login(&ada.email, PASSWORD).await.status, 200);
    let logged = "select count(*) from audit_logs where user_id = $1 and action = 'accounts.restored'";
    assert_eq!(database().await.query_one(logged, &[&ada.id]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn where_addresses_are_verified_first_an_unverified_one_does_not_sign_in() {
    let _alone = SETTING.write().await;
    let set = |value: &'static str| async move {
        let update = "update settings set value = $1::text::jsonb where key = 'verify_first'";
        database().await.execute(update, &[&value]).await.unwrap();
    };
    let (ada, bob) = (account().await, account().await);
    change(&ada, "email_verified_at = null", "").await;
    set("true").await;
    let (unverified, verified) = (login(&ada.email, PASSWORD).await, login(&bob.email, PASSWORD).await);
    set("false").await;
    assert_eq!((unverified.status, unverified.code().as_str()), (403, "verify_first"));
    assert_eq!(verified.status, 200);
}

#[tokio::test]
async fn an_imported_password_signs_in_and_is_stored_our_way_from_then_on() {
    let _shared = SETTING.read().await;
    let ada = Person::new().await;
    change(&ada, "password_is_legacy = true, password_hash = replace(edge.bcrypt_hash($2), '$2a$', '$2b$')", "court").await;
    let wrong = login(&ada.email, "trop court").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    let first = login(&ada.email, "court").await;
    assert_eq!((first.status, sql_calls(&first)), (200, json!(2)));
    let second = login(&ada.email, "court").await;
    assert_eq!((second.status, sql_calls(&second)), (200, json!(1)));
}

async fn login_by(address: &str, email: &str, password: &str) -> Answer {
    let call = App::native(&FUNCTION).at(NOON).post("/auth/login").header("cf-connecting-ip", address);
    call.json(json!({"email": email, "password": password})).send().await
}

#[tokio::test]
async fn a_network_is_the_same_in_every_spelling_and_no_other() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    for address in
        ["198.51.100.7", "::ffff:198.51.100.8", "[::ffff:198.51.100.9]:443", "198.51.100.10:4711", "203.0.113.1, 198.51.100.7"]
    {
        assert_eq!(login_by(address, &ada.email, "trois petits chiens").await.status, 401, "{address}");
    }
    assert_eq!(login_by("::ffff:c633:640c", &ada.email, PASSWORD).await.code(), "locked");
    assert_eq!(login_by("::ffff:203.0.113.9", &ada.email, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn an_address_that_cannot_be_read_is_heard_and_becomes_nobodys_network() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let answer = login_by("unknown", &ada.email, PASSWORD).await;
    let line: Value = serde_json::from_str(&answer.log[0]).unwrap();
    assert_eq!((answer.status, &line["level"], &line["ip"]), (200, &json!("warn"), &json!("")));
    assert!(line["notes"][0].as_str().unwrap().starts_with("CLIENT_IP_HEADER"), "{line}");
    let networks = "select count(*) from sign_in_sources where user_id = $1 and source !~ '^device '";
    assert_eq!(database().await.query_one(networks, &[&ada.id]).await.unwrap().get::<_, i64>(0), 0);
}

const COMPOSED: &str = "l'été à la plage";
const APART: &str = "l'e\u{301}te\u{301}\u{a0}a\u{300} la plage";

#[tokio::test]
async fn a_password_is_right_in_every_spelling() {
    let _shared = SETTING.read().await;
    let ada = Person::new().await;
    ada.set_password(COMPOSED).await;
    for typed in [APART, COMPOSED] {
        let answer = login(&ada.email, typed).await;
        assert_eq!((answer.status, sql_calls(&answer)), (200, json!(1)), "{typed}");
    }
    assert_eq!(login(&ada.email, "l'ete a la plage").await.status, 401);
}

#[tokio::test]
async fn a_password_that_was_hashed_as_typed_is_hashed_anew_when_it_is_typed_so() {
    let _shared = SETTING.read().await;
    let ada = Person::new().await;
    ada.set_password(APART).await;
    assert_eq!(login(&ada.email, COMPOSED).await.status, 401);
    assert_eq!(login(&ada.email, APART).await.status, 200);
    assert_eq!(login(&ada.email, COMPOSED).await.status, 200);
}

#[tokio::test]
async fn an_imported_password_is_right_in_every_spelling() {
    let _shared = SETTING.read().await;
    for typed in [COMPOSED, APART] {
        let ada = Person::new().await;
        change(&ada, "password_is_legacy = true, password_hash = edge.bcrypt_hash($2)", typed).await;
        assert_eq!(login(&ada.email, "l'été\u{1f}").await.status, 401);
        assert_eq!(login(&ada.email, APART).await.status, 200, "{typed}");
        assert_eq!(login(&ada.email, COMPOSED).await.status, 200, "{typed}");
    }
}

#[tokio::test]
async fn a_password_of_another_cost_is_hashed_anew_at_the_next_sign_in() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let owner = database().await;
    // As if `settings.bcrypt_cost` had been 11 when it was chosen.
    let pepper = BASE64_STANDARD.decode(testing::variable("PASSWORD_PEPPER")).unwrap();
    let digest = edge::auth::password_digest(&pepper, PASSWORD);
    let update = "update users set password_hash = edge.bcrypt_hash_at($2, 11) where id = $1";
    owner.execute(update, &[&ada.id, &digest]).await.unwrap();
    let cost = async || {
        let select = "select substr(password_hash, 5, 2) from users where id = $1";
        owner.query_one(select, &[&ada.id]).await.unwrap().get::<_, String>(0)
    };
    assert_eq!((login(&ada.email, "trois petits chiens").await.status, cost().await), (401, "11".to_owned()));
    assert_eq!((login(&ada.email, PASSWORD).await.status, cost().await), (200, "10".to_owned()));
    assert_eq!(login(&ada.email, PASSWORD).await.status, 200);
}

/// Where the cost was raised, old hashes, new ones and missing accounts take equally long.
#[tokio::test]
async fn a_comparison_takes_the_time_of_todays_cost_whatever_the_hash() {
    let _alone = SETTING.write().await;
    let mut owner = database().await;
    let raised = owner.transaction().await.unwrap();
    raised.execute("update settings set value = '12' where key = 'bcrypt_cost'", &[]).await.unwrap();
    let hash = async |cost: i32| -> Option<String> {
        Some(raised.query_one("select edge.bcrypt_hash_at('x', $1)", &[&cost]).await.unwrap().get(0))
    };
    let mut fastest = Vec::new();
    for hash in [hash(10).await, hash(11).await, hash(12).await, None] {
        let mut times = Vec::new();
        for _ in 0..3 {
            let started = Instant::now();
            let row = raised.query_one("select edge.password_matches('y', $1)", &[&hash]).await.unwrap();
            times.push(started.elapsed());
            assert!(!row.get::<_, bool>(0));
        }
        fastest.push(times.into_iter().min().unwrap().as_secs_f64());
    }
    let (least, most) = (fastest.iter().copied().fold(f64::MAX, f64::min), fastest.iter().copied().fold(0.0, f64::max));
    assert!(most < 1.6 * least, "{fastest:?}: unpadded, a step of the cost is a factor of 2");
}

/// One sign-in of a browser with a cookie, from a network of documentation addresses.
async fn login_with(cookie: &str, network: u32, email: &str, password: &str) -> Answer {
    let (high, low) = (network >> 16, network & 0xffff);
    let call = App::native(&FUNCTION).at(NOON).post("/auth/login").header("cookie", &format!("a=b; {cookie}; c"));
    let call = call.header("cf-connecting-ip", &format!("3fff:{high:x}:{low:x}::1"));
    call.json(json!({"email": email, "password": password})).send().await
}

/// The cookie that an answer sets, as it is sent back.
fn cookie(answer: &Answer) -> String {
    let (cookie, attributes) = answer.header("set-cookie").unwrap().split_once("; ").unwrap();
    assert_eq!(attributes, "Max-Age=7776000; Path=/; Secure; HttpOnly; SameSite=None");
    assert!(cookie.starts_with("__Host-device=") && cookie.len() == 57, "{cookie}");
    cookie.to_owned()
}

#[tokio::test]
async fn a_browser_that_the_account_knows_waits_for_nobody_elses_guesses() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    let known = cookie(&login_from(network, NOON, &ada.email, PASSWORD).await);
    for _ in 0..5 {
        login_from(network, NOON, &ada.email, "x").await;
    }
    assert_eq!(wait_of(&login_from(network, NOON, &ada.email, PASSWORD).await), Some(30), "its network waits");
    let at_home = login_with(&known, network, &ada.email, PASSWORD).await;
    assert_eq!((at_home.status, cookie(&at_home)), (200, known.clone()), "{at_home:?}");
    for other in 1..40 {
        login_from(network + other, NOON, &ada.email, "x").await;
    }
    assert!(wait_of(&login_from(network + 50, NOON, &ada.email, PASSWORD).await).is_some(), "a stranger waits");
    assert_eq!(login_with(&known, network + 51, &ada.email, PASSWORD).await.status, 200, "away from home");
}

#[tokio::test]
async fn a_known_browser_has_five_guesses_of_its_own() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    let known = cookie(&login_from(network, NOON, &ada.email, PASSWORD).await);
    let guesses = join_all((0..12).map(|n| login_with(&known, network + n, &ada.email, "x"))).await;
    assert_eq!(guesses.iter().filter(|answer| answer.status == 401).count(), 5);
    assert_eq!(wait_of(&login_with(&known, network, &ada.email, PASSWORD).await), Some(30));
    assert_eq!(login_from(network, NOON, &ada.email, PASSWORD).await.status, 200, "and nobody else waits for them");
}

#[tokio::test]
async fn a_cookie_of_nobody_of_another_account_or_in_pieces_changes_nothing() {
    let _shared = SETTING.read().await;
    let (ada, eve, network) = (account().await, account().await, networks());
    let eves = cookie(&login_from(network + 1, NOON, &eve.email, PASSWORD).await);
    for _ in 0..5 {
        login_from(network, NOON, &ada.email, "x").await;
    }
    let long = format!("__Host-device={}", "x".repeat(5000));
    let unknown = format!("__Host-device={}", "x".repeat(43));
    let bent = format!("__Host-device={}", "\u{e9}x".repeat(21));
    for cookie in [&eves, &unknown, &bent, &long, "__Host-device=", "__Host-device", ""] {
        assert_eq!(wait_of(&login_with(cookie, network, &ada.email, PASSWORD).await), Some(30), "{cookie}");
    }
    for sent in [&bent, &long, "__Host-device"] {
        let entered = login_with(sent, network + 2, &ada.email, PASSWORD).await;
        assert_eq!(entered.status, 200);
        assert_ne!(&cookie(&entered), sent, "a sound one instead");
    }
}

#[tokio::test]
async fn a_network_is_known_for_ninety_days_whatever_becomes_of_the_session() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    assert_eq!(login_from(network, "2026-03-10T12:00:00Z", &ada.email, PASSWORD).await.status, 200);
    database().await.execute("delete from user_sessions where user_id = $1", &[&ada.id]).await.unwrap();
    for other in 1..30 {
        login_from(network + other, NOON, &ada.email, "x").await;
    }
    assert_eq!(login_from(network, NOON, &ada.email, PASSWORD).await.status, 200, "83 days later");
    assert!(wait_of(&login_from(network + 50, NOON, &ada.email, PASSWORD).await).is_some());
}

#[tokio::test]
async fn guesses_at_once_are_counted_one_after_the_other() {
    let _shared = SETTING.read().await;
    let (email, network) = (nobody(), networks());
    let one_network = join_all((0..30).map(|_| login_from(network, NOON, &email, "x"))).await;
    assert_eq!(one_network.iter().filter(|answer| answer.status == 401).count(), 5);
    let email = nobody();
    let many_networks = join_all((0..60).map(|n| login_from(network + n, NOON, &email, "x"))).await;
    assert_eq!(many_networks.iter().filter(|answer| answer.status == 401).count(), 20);
    let emails: Vec<_> = (0..150).map(|_| nobody()).collect();
    let many_addresses = join_all(emails.iter().map(|email| login_from(network + 99, NOON, email, "x"))).await;
    assert_eq!(many_addresses.iter().filter(|answer| answer.status == 401).count(), 100);
    for answer in one_network.iter().chain(&many_networks).chain(&many_addresses) {
        assert!(answer.status == 401 || answer.code() == "locked", "{answer:?}");
    }
}

#[tokio::test]
async fn people_who_sign_in_at_once_all_get_in() {
    let _shared = SETTING.read().await;
    let (ada, network) = (account().await, networks());
    let one = join_all((0..10).map(|_| login_from(network, NOON, &ada.email, PASSWORD))).await;
    assert!(one.iter().all(|answer| answer.status == 200), "{one:?}");
    let people = join_all((0..10).map(|_| account())).await;
    let office = join_all(people.iter().map(|person| login_from(network, NOON, &person.email, PASSWORD))).await;
    assert!(office.iter().all(|answer| answer.status == 200), "{office:?}");
}

#[tokio::test]
async fn only_an_email_and_a_password_are_taken_and_only_as_json() {
    let app = App::native(&FUNCTION);
    for (body, refusal) in [
        (json!({"email": "a@example.org"}), "password:required"),
        (json!({"email": "a@example.org", "password": ""}), "password:length"),
        (json!({"email": "a@example.org", "password": "x".repeat(257)}), "password:length"),
        (json!({"email": "a", "password": "x"}), "email:bad_email"),
        (json!({"email": "a@example.org", "password": "x", "legacy_password": "x"}), "legacy_password:unknown_field"),
    ] {
        let answer = app.post("/auth/login").json(body).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]));
    }
    let forged = app.post("/auth/login").body("text/plain", br#"{"email": "a@example.org", "password": "x"}"#).send().await;
    assert_eq!((forged.status, forged.code().as_str()), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn no_password_and_no_token_reaches_the_log_or_an_error() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let entered = login(&ada.email, PASSWORD).await;
    let tokens = entered.json();
    let secrets = [PASSWORD, tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap()];
    let silent = |text: &str| secrets.iter().all(|secret| !text.contains(secret));
    assert_eq!(entered.log.len(), 1);
    assert!(silent(&entered.log[0]));

    change(&ada, "is_banned = true", "").await;
    let without_database = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql");
    let body = json!({"email": ada.email, "password": PASSWORD});
    let down = without_database.post("/auth/login").json(body).send().await;
    assert_eq!(down.status, 503);
    for answer in [login(&ada.email, PASSWORD).await, login(&nobody(), PASSWORD).await, down] {
        assert!(answer.status >= 400 && silent(&answer.log.concat()), "{answer:?}");
        assert!(silent(&String::from_utf8_lossy(&answer.body)), "{answer:?}");
    }
}
