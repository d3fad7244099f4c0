use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::database::{Caller, Database, NOON, code, enter, hash};

const REGISTER: &str = "select edge.register(email => $1, password => 'digest', refresh_hash => $2)";
const LOGIN: &str = "select edge.login(email => $1, password => $2, refresh_hash => $3)";
const REFRESH: &str = "select edge.refresh(old_hash => $1, new_hashes => array[$2])";

impl Database {
    async fn sign_in(&self, now: &str, email: &str, password: &str, token: &str) -> Value {
        self.call(&Caller::anon(), now, LOGIN, &[&email, &password, &hash(token)]).await
    }

    async fn refresh(&self, now: &str, old: &str, new: &str) -> Value {
        self.call(&Caller::anon(), now, REFRESH, &[&hash(old), &hash(new)]).await
    }

    async fn set(&self, sql: &str) {
        self.owner().await.batch_execute(sql).await.unwrap();
    }

    /// How entering as this person ends at that time: `ok` or a SQLSTATE and its word.
    async fn entering(&self, caller: &Caller, now: &str) -> String {
        let mut client = self.login(caller.login).await;
        match enter(&mut client, caller, now).await {
            Ok(_) => "ok".to_owned(),
            Err(error) => format!("{} {}", code(&error), error.as_db_error().unwrap().message()),
        }
    }
}

#[tokio::test]
async fn an_address_is_taken_whatever_its_case() {
    let database = Database::migrated().await;
    database.person("Ada@Example.org").await;
    let again = database.answer(&Caller::anon(), NOON, REGISTER, &[&" ada@example.ORG ", &hash("x")]).await;
    assert_eq!(again.unwrap_err(), "email_taken");
}

#[tokio::test]
async fn an_address_registered_twice_at_once_is_one_account() {
    let database = Database::migrated().await;
    let tokens: Vec<_> = (0..8).map(|index| hash(&format!("t{index}"))).collect();
    let caller = Caller::anon();
    let answers =
        join_all(tokens.iter().map(async |token| database.answer(&caller, NOON, REGISTER, &[&"race@example.org", token]).await))
            .await;
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer["outcome"] == "created")).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.as_ref().is_err_and(|word| word == "email_taken")).count(), 7);
}

#[tokio::test]
async fn with_verification_first_nobody_learns_who_has_an_account() {
    let database = Database::migrated().await;
    database.set("update settings set value = 'true' where key = 'verify_first'").await;
    for _ in 0..2 {
        let answer = database.call(&Caller::anon(), NOON, REGISTER, &[&"new@example.org", &hash("x")]).await;
        assert_eq!(answer, json!({ "outcome": "verify_first" }));
    }
    let login = database.sign_in(NOON, "new@example.org", "digest", "y").await;
    assert_eq!(login, json!({ "outcome": "verify_first" }));
    database.set("update users set email_verified_at = edge.now()").await;
    assert_eq!(database.sign_in(NOON, "new@example.org", "digest", "y").await["outcome"], "ok");
}

#[tokio::test]
async fn a_sign_in_is_counted_and_opens_a_session() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    let answer = database.sign_in(NOON, "A@example.org", "digest", "t").await;
    assert_eq!(answer["outcome"], "ok");
    assert_eq!(answer["person"]["login_count"], 1);
    assert_eq!(answer["person"]["last_login_at"], "2026-11-21T12:00:00+00:00");
    assert_eq!(answer["person"]["version"], 1, "a sign-in is no change of the profile");
    assert_eq!(answer["session"]["expires_at"], "2026-12-21T12:00:00+00:00");
    assert!(answer["person"].get("password_hash").is_none());
    assert_eq!(database.entering(&Caller::person(&answer), NOON).await, "ok");
}

#[tokio::test]
async fn sign_ins_at_once_are_all_counted() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    let tokens: Vec<_> = (0..8).map(|index| format!("t{index}")).collect();
    join_all(tokens.iter().map(|token| database.sign_in(NOON, "a@example.org", "digest", token))).await;
    let last = database.sign_in(NOON, "a@example.org", "digest", "last").await;
    assert_eq!(last["person"]["login_count"], 9);
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_account_look_alike() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    for email in ["a@example.org", "nobody@example.org"] {
        assert_eq!(database.sign_in(NOON, email, "guess", "t").await, json!({ "outcome": "invalid_credentials" }));
    }
    let owner = database.owner().await;
    let sql = "select count(*), count(user_id) from audit_logs where action = 'auth.login_failed'";
    let logged = owner.query_one(sql, &[]).await.unwrap();
    assert_eq!((logged.get::<_, i64>(0), logged.get::<_, i64>(1)), (2, 1));
}

#[tokio::test]
async fn a_missing_account_takes_as_long_as_a_wrong_password() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    let (mut known, mut missing) = (Duration::MAX, Duration::MAX);
    // In turn, so that a busy machine slows both; two hours apart, so that nobody has to wait.
    for hour in (0..24).step_by(2) {
        let now = format!("2026-11-22T{hour:02}:00:00Z");
        for (email, quickest) in [("a@example.org", &mut known), ("nobody@example.org", &mut missing)] {
            let started = Instant::now();
            assert_eq!(database.sign_in(&now, email, "guess", "t").await["outcome"], "invalid_credentials");
            *quickest = started.elapsed().min(*quickest);
        }
    }
    assert!(missing > known / 2 && known > missing / 2, "{known:?} and {missing:?}");
}

#[tokio::test]
async fn the_fifth_failure_makes_an_address_wait_and_only_that_one() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    for _ in 0..5 {
        assert_eq!(database.sign_in(NOON, "a@example.org", "guess", "t").await["outcome"], "invalid_credentials");
    }
    let locked = database.sign_in(NOON, "a@example.org", "digest", "t").await;
    assert_eq!(locked, json!({ "outcome": "locked", "retry_after_s": 30 }));

    let elsewhere = Caller::anon().claiming("ip", "198.51.100.0");
    let answer = database.call(&elsewhere, NOON, LOGIN, &[&"a@example.org", &"digest", &hash("e")]).await;
    assert_eq!(answer["outcome"], "ok", "the owner, at another address, is not locked out");

    let later = "2026-11-21T12:00:31Z";
    assert_eq!(database.sign_in(later, "a@example.org", "guess", "t").await["outcome"], "invalid_credentials");
    assert_eq!(database.sign_in(later, "a@example.org", "digest", "t").await["retry_after_s"], 60);
    assert_eq!(database.sign_in("2026-11-21T12:02:00Z", "a@example.org", "digest", "t").await["outcome"], "ok");
    assert_eq!(database.sign_in("2026-11-21T12:02:00Z", "a@example.org", "guess", "u").await["outcome"], "invalid_credentials");
}

#[tokio::test]
async fn only_the_right_password_learns_of_a_ban() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    database.set("update users set is_banned = true").await;
    assert_eq!(database.sign_in(NOON, "a@example.org", "guess", "t").await["outcome"], "invalid_credentials");
    assert_eq!(database.sign_in(NOON, "a@example.org", "digest", "t").await["outcome"], "banned");
    database.set("update users set is_banned = false, is_active = false").await;
    assert_eq!(database.sign_in(NOON, "a@example.org", "digest", "t").await["outcome"], "inactive");
    database.set("update users set is_active = true, deleted_at = edge.now()").await;
    assert_eq!(database.sign_in(NOON, "a@example.org", "guess", "t").await["outcome"], "invalid_credentials");
    let closed = json!({"outcome": "closed", "erased_at": "2026-12-21T12:00:00+00:00"});
    assert_eq!(database.sign_in(NOON, "a@example.org", "digest", "t").await, closed);
    assert_eq!(database.sign_in("2026-12-21T12:00:00Z", "a@example.org", "digest", "t").await["outcome"], "invalid_credentials");
    let restore = "select edge.login('a@example.org', 'digest', $1, restore => true)";
    database.set("update users set is_banned = true").await;
    assert_eq!(database.call(&Caller::anon(), NOON, restore, &[&hash("t")]).await["outcome"], "banned");
    database.set("update users set is_banned = false").await;
    assert_eq!(database.call(&Caller::anon(), NOON, restore, &[&hash("t")]).await["outcome"], "ok");
    assert_eq!(database.sign_in(NOON, "a@example.org", "digest", "u").await["outcome"], "ok");
}

/// Other libraries write `$2b$` (Python, Node) or `$2y$` (PHP) before the same hash.
#[tokio::test]
async fn an_imported_hash_is_verified_once_and_replaced() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let with_legacy = "select edge.login(email => $1, password => $2, refresh_hash => $3, legacy_password => $4)";
    for prefix in ["$2a$", "$2b$", "$2y$"] {
        let email = format!("import{}@example.org", &prefix[2..3]);
        let import = "insert into users (email, password_hash, password_is_legacy) values ($1, $2, true)";
        let imported = format!("{prefix}{IMPORTED}");
        owner.execute(import, &[&email, &imported]).await.unwrap();

        assert_eq!(database.sign_in(NOON, &email, "digest", &email).await, json!({ "outcome": "legacy" }));
        let anon = Caller::anon();
        let wrong = database.call(&anon, NOON, with_legacy, &[&email, &"digest", &hash(&email), &"wrong horse"]).await;
        assert_eq!(wrong["outcome"], "invalid_credentials");
        let right = database.call(&anon, NOON, with_legacy, &[&email, &"digest", &hash(&email), &"correct horse"]).await;
        assert_eq!(right["outcome"], "ok", "{prefix}");

        let stored = "select password_hash, password_is_legacy from users where email = $1";
        let row = owner.query_one(stored, &[&email]).await.unwrap();
        assert!(row.get::<_, &str>(0).starts_with("$2a$10$") && !row.get::<_, bool>(1));
        assert_eq!(database.sign_in(NOON, &email, "digest", "again").await["outcome"], "ok");
        assert_eq!(database.sign_in(NOON, &email, "correct horse", "raw").await["outcome"], "invalid_credentials");
        owner.execute("delete from users where email = $1", &[&email]).await.unwrap();
    }
}
const IMPORTED: &str = "06$lZ1ObIZsdLmBAARO3NYx2.8g/XYoSQwRK.54RkYupOeWtsdlB7KR2";

#[tokio::test]
async fn a_hash_that_is_not_bcrypt_cannot_be_stored() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    for stored in ["ab1234567890.", "$1$salt$hash", "$2b$10$short", "plain"] {
        let insert = "insert into users (email, password_hash) values ('x@example.org', $1)";
        assert_eq!(code(&owner.execute(insert, &[&stored]).await.unwrap_err()), "23514", "{stored}");
    }
}

#[tokio::test]
async fn a_refresh_replaces_the_token_and_moves_the_end() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    database.sign_in(NOON, "a@example.org", "digest", "t0").await;
    let answer = database.refresh("2026-11-30T12:00:00Z", "t0", "t1").await;
    assert_eq!((&answer["outcome"], &answer["is_reissue"]), (&json!("ok"), &json!(false)));
    assert_eq!(answer["session"]["expires_at"], "2026-12-30T12:00:00+00:00");
    assert_eq!(database.refresh("2026-11-30T12:00:00Z", "never", "t2").await["outcome"], "refresh_invalid");
    assert_eq!(database.refresh("2026-12-30T12:00:00Z", "t1", "t2").await["outcome"], "refresh_expired");
}

#[tokio::test]
async fn no_session_outlives_180_days() {
    let database = Database::migrated().await;
    let created = database.person("a@example.org").await;
    let mut end = Value::Null;
    let days = ["2026-12-20", "2027-01-18", "2027-02-16", "2027-03-17", "2027-04-15", "2027-05-14"];
    for (index, day) in days.iter().enumerate() {
        let old = if index == 0 { "a@example.org".to_owned() } else { format!("t{}", index - 1) };
        let answer = database.refresh(&format!("{day}T12:00:00Z"), &old, &format!("t{index}")).await;
        assert_eq!(answer["outcome"], "ok", "{day}");
        end = answer["session"]["expires_at"].clone();
    }
    assert_eq!(end, "2027-05-20T12:00:00+00:00");
    assert_eq!(database.entering(&created, "2027-05-20T12:00:01Z").await, "OR401 session_revoked");
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_until_it_is_used() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    database.refresh(NOON, "a@example.org", "lost").await;
    let again = database.refresh("2026-11-21T12:00:30Z", "a@example.org", "lost").await;
    assert_eq!((&again["outcome"], &again["is_reissue"]), (&json!("ok"), &json!(true)));
    assert_eq!(again["session"]["id"], person.claims["session"]);
    assert_eq!(database.refresh("2026-11-21T12:00:30Z", "a@example.org", "another").await, json!({"outcome": "refresh_invalid"}));
    // Nobody has used the answer that was lost: it may be asked for much later.
    assert_eq!(database.refresh("2026-11-22T12:00:00Z", "a@example.org", "lost").await["outcome"], "ok");
    assert_eq!(database.refresh("2026-11-22T12:05:00Z", "lost", "third").await["outcome"], "ok");
    assert_eq!(database.refresh("2026-11-22T12:06:00Z", "a@example.org", "lost").await["outcome"], "refresh_reused");
}

#[tokio::test]
async fn a_token_derived_from_its_predecessor_serves_racing_tabs() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    let tabs = join_all((0..6).map(|_| database.refresh(NOON, "a@example.org", "derived"))).await;
    assert!(tabs.iter().all(|answer| answer["outcome"] == "ok"), "{tabs:?}");
    assert_eq!(tabs.iter().filter(|answer| answer["is_reissue"] == false).count(), 1);
    assert_eq!(database.refresh("2026-11-21T12:10:00Z", "derived", "next").await["outcome"], "ok");
}

#[tokio::test]
async fn a_replaced_token_that_returns_revokes_the_session() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    database.refresh(NOON, "a@example.org", "t1").await;
    database.refresh("2026-11-21T12:10:00Z", "t1", "t2").await;
    assert_eq!(database.entering(&person, "2026-11-21T12:11:00Z").await, "ok");

    // The oldest of the family, two rotations ago.
    let stolen = database.refresh("2026-11-21T12:11:00Z", "a@example.org", "thief").await;
    assert_eq!(stolen, json!({ "outcome": "refresh_reused" }));
    assert_eq!(database.refresh("2026-11-21T12:12:00Z", "t2", "t3").await["outcome"], "session_revoked");
    assert_eq!(database.entering(&person, "2026-11-21T12:12:00Z").await, "OR401 session_revoked");
    let owner = database.owner().await;
    let logged = owner.query_one("select count(*) from audit_logs where action = 'auth.refresh_reused'", &[]).await;
    assert_eq!(logged.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_refresh_is_refused_to_who_may_no_longer_act() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    database.set("update users set is_banned = true").await;
    assert_eq!(database.refresh(NOON, "a@example.org", "t").await["outcome"], "banned");
    database.set("update users set is_banned = false, is_active = false").await;
    assert_eq!(database.refresh(NOON, "a@example.org", "t").await["outcome"], "session_revoked");
}

#[tokio::test]
async fn signing_out_ends_this_session_or_all() {
    let database = Database::migrated().await;
    let first = database.person("a@example.org").await;
    let mut others = Vec::new();
    for token in ["x", "y"] {
        others.push(Caller::person(&database.sign_in(NOON, "a@example.org", "digest", token).await));
    }
    assert_eq!(database.call(&first, NOON, "select edge.logout()", &[]).await, json!({ "outcome": "ok", "revoked": 1 }));
    assert_eq!(database.entering(&first, NOON).await, "OR401 session_revoked");
    assert_eq!(database.entering(&others[1], NOON).await, "ok");
    let all = database.call(&others[0], NOON, "select edge.logout(everywhere => true)", &[]).await;
    assert_eq!(all["revoked"], 2);
    assert_eq!(database.entering(&others[1], NOON).await, "OR401 session_revoked");
}

#[tokio::test]
async fn entering_is_refused_as_soon_as_a_person_may_no_longer_act() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let stranger = database.person("b@example.org").await;
    assert_eq!(database.entering(&person, "2026-12-21T11:59:59Z").await, "ok");
    assert_eq!(database.entering(&person, "2026-12-21T12:00:00Z").await, "OR401 session_revoked");
    let borrowed = person.claiming("session", &stranger.session().to_string());
    assert_eq!(database.entering(&borrowed, NOON).await, "OR401 session_revoked");

    for (change, expected) in [
        ("is_banned = true", "OR403 banned"),
        ("is_banned = false, is_active = false", "OR401 session_revoked"),
        ("is_active = true, deleted_at = edge.now()", "OR401 session_revoked"),
        ("deleted_at = null", "ok"),
    ] {
        database.set(&format!("update users set {change}")).await;
        assert_eq!(database.entering(&person, NOON).await, expected, "{change}");
    }
    database.set("delete from users").await;
    assert_eq!(database.entering(&person, NOON).await, "OR401 session_revoked");
}

#[tokio::test]
async fn a_role_in_the_claims_counts_up_to_the_persons_own() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    database.set("update users set role = 'manager'").await;
    for (claimed, expected) in [
        ("user", "ok"),
        ("manager", "ok"),
        ("admin", "OR401 session_revoked"),
        ("service", "OR401 session_revoked"),
        ("root", "OR401 session_revoked"),
    ] {
        assert_eq!(database.entering(&person.claiming("role", claimed), NOON).await, expected, "{claimed}");
    }
    assert_eq!(database.entering(&Caller::anon().claiming("role", "admin"), NOON).await, "OR401 session_revoked");
}

#[tokio::test]
async fn entering_works_read_only_and_leaves_nothing_behind() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let mut client = database.login("oree_person").await;
    let read = client.build_transaction().read_only(true).start().await.unwrap();
    let sql = "select edge.enter($1::text::jsonb, $2::text::timestamptz) is not null, set_config('role', 'authenticated', true) is not null";
    read.query_one(sql, &[&person.claims.to_string(), &"2026-11-21T12:00:00.123456+02:00"]).await.unwrap();
    let context = "select edge.uid(), edge.session(), edge.role(), edge.now()::text, edge.claim('request_id'),
        current_setting('timezone'), current_setting('statement_timeout'), current_setting('application_name')";
    let row = read.query_one(context, &[]).await.unwrap();
    assert_eq!((row.get::<_, uuid::Uuid>(0), row.get::<_, uuid::Uuid>(1)), (person.id(), person.session()));
    let words: Vec<&str> = (2..8).map(|index| row.get(index)).collect();
    assert_eq!(words, ["user", "2026-11-21 10:00:00.123456+00", "test", "UTC", "10s", "oree test"]);
    read.commit().await.unwrap();

    let error = client.query("select 1 from users", &[]).await.unwrap_err();
    assert_eq!(code(&error), "42501");
    let after = client.query_one("select current_setting('oree.uid', true), current_user::text", &[]).await.unwrap();
    assert_eq!((after.get::<_, Option<&str>>(0), after.get::<_, &str>(1)), (Some(""), "oree_person"));
}

#[tokio::test]
async fn outside_a_request_there_is_no_time() {
    let database = Database::migrated().await;
    let owner = crate::database::connect(&database.url).await;
    let error = owner.query("select edge.now()", &[]).await.unwrap_err();
    assert_eq!((code(&error).as_str(), error.as_db_error().unwrap().message()), ("OR500", "time_not_injected"));
}
