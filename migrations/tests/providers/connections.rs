use serde_json::{Value, json};

use crate::database::{Caller, Database, NOON};

const BEGIN: &str = "select to_jsonb(edge.begin_authorization($1, $2, 'https://app.example/back', null, $3))";
const TAKE: &str = "select edge.take_authorization($1, $2, false)";
const KEEP_GRANT: &str = "select to_jsonb(edge.keep_grant($1, 'key:' || repeat('A', 32) || ':' || repeat('A', 22)))";
const CONNECT: &str = "select edge.connect_provider($1, $2, 'ada', 'ada@example.org', '{\"firstname\": \"Ada\"}', 'read', \
    'key:' || repeat('A', 32) || ':' || repeat('A', 22), 'key:' || repeat('B', 32) || ':' || repeat('B', 22), \
    edge.now() + interval '6 hours', null, edge.now() + interval '5 hours')";
const TAKE_TOKEN: &str = "select edge.take_token($1, edge.now() + $2::text::interval, 60)";
const KEEP_TOKEN: &str = "select edge.keep_token($1, $2, 'key:' || repeat('C', 32) || ':' || repeat('C', 22), \
    'key:' || repeat('D', 32) || ':' || repeat('D', 22), edge.now() + interval '6 hours', null, edge.now() + interval '5 hours')";
const FAIL_TOKEN: &str = "select edge.fail_token($1, $2, 'invalid_grant', $3)";
const PROBE: &str = "select to_jsonb(edge.note_probe($1, $2, $3))";
const LEAVE: &str = "select edge.leave_provider($1, $2)";
/// A digest of its kind, different for different seeds.
fn hash(seed: &str) -> String {
    let digits: String = seed.bytes().map(|byte| format!("{byte:02x}")).collect();
    let start = digits.len().saturating_sub(64);
    format!("{:0>64}", &digits[start..])
}

const LATER: &str = "2026-11-21T18:00:00Z";

impl Database {
    /// Connects an account as the frame does; the outcome.
    async fn connect(&self, person: &Caller, provider: &str, account: &str, replaces: bool) -> Value {
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let state = hash(&NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_string());
        self.call(person, NOON, BEGIN, &[&state, &provider, &replaces]).await;
        let taken = self.call(&Caller::anon(), NOON, TAKE, &[&state, &provider]).await;
        assert_eq!((&taken["outcome"], &taken["return_url"]), (&json!("ok"), &json!("https://app.example/back")));
        assert_eq!(self.call(&Caller::anon(), NOON, KEEP_GRANT, &[&state]).await, true);
        self.call(&Caller::anon(), NOON, CONNECT, &[&state, &account]).await
    }

    async fn connected(&self, person: &Caller, provider: &str, account: &str) -> i64 {
        let answer = self.connect(person, provider, account, false).await;
        assert_eq!(answer["outcome"], "connected", "{answer}");
        answer["connection"].as_i64().unwrap()
    }

    async fn standing(&self, id: i64) -> Value {
        let sql = "select to_jsonb(c) from provider_connections c where id = $1";
        self.owner().await.query_one(sql, &[&id]).await.unwrap().get(0)
    }

    async fn connections(&self, person: &Caller) -> i64 {
        let sql = "select to_jsonb((select count(*) from provider_connections))";
        self.call(person, NOON, sql, &[]).await.as_i64().unwrap()
    }
}

#[tokio::test]
async fn an_account_is_connected_to_one_person_and_another_account_asks_first() {
    let database = Database::migrated().await;
    let (ada, eve) = (database.person("ada@example.org").await, database.person("eve@example.org").await);
    let id = database.connected(&ada, "strava", "17").await;
    assert_eq!(database.connect(&eve, "strava", "17", false).await["outcome"], "already_linked");
    assert_eq!(database.connections(&eve).await, 0, "a connection that only waited for it is gone");
    assert_eq!(database.connect(&ada, "strava", "18", false).await["outcome"], "other_account");
    assert_eq!(database.standing(id).await["provider_user_id"], "17");
    assert_eq!(database.connect(&ada, "strava", "17", false).await["connection"], id, "again is no second one");
    let replaced = database.connect(&ada, "strava", "18", true).await;
    assert_eq!((&replaced["outcome"], &replaced["connection"]), (&json!("connected"), &json!(id)));
    let orders = "select count(*) from outbox where kind = 'provider_revoke' and sealed ->> 'account' = '17'";
    assert_eq!(database.owner().await.query_one(orders, &[]).await.unwrap().get::<_, i64>(0), 1, "the old grant is revoked");
    assert_eq!(database.connect(&eve, "strava", "17", false).await["outcome"], "connected", "nobody has it any more");
    assert_eq!(database.connections(&ada).await, 1, "each sees their own");
}

#[tokio::test]
async fn a_state_is_good_once_in_time_for_one_provider() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let (once, late, other) = (hash("once"), hash("late"), hash("other"));
    for state in [&once, &late, &other] {
        database.call(&ada, NOON, BEGIN, &[state, &"polar", &false]).await;
    }
    let anon = Caller::anon();
    assert_eq!(database.call(&anon, NOON, TAKE, &[&once, &"polar"]).await["outcome"], "ok");
    for (state, provider, now) in [(&once, "polar", NOON), (&other, "wahoo", NOON), (&late, "polar", LATER)] {
        let answer = database.call(&anon, now, TAKE, &[state, &provider]).await;
        assert_eq!((&answer["outcome"], &answer["return_url"]), (&json!("state_expired"), &json!("https://app.example/back")));
        assert!(answer.get("secret").is_none(), "{answer}");
    }
    assert_eq!(database.call(&anon, NOON, TAKE, &[&hash("never"), &"polar"]).await["outcome"], "state_unknown");
    // What has not been taken cannot be gone on with.
    assert_eq!(database.call(&anon, NOON, CONNECT, &[&late, &"1"]).await["outcome"], "state_expired");
    assert_eq!(database.call(&anon, NOON, KEEP_GRANT, &[&late]).await, false);
    assert_eq!(database.connections(&ada).await, 0);
}

#[tokio::test]
async fn one_caller_renews_and_the_others_wait_or_use_what_is_still_good() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let id = database.connected(&ada, "strava", "17").await;
    assert_eq!(database.call(&ada, NOON, TAKE_TOKEN, &[&id, &"0"]).await["outcome"], "fresh");
    // Due, and not yet run out.
    let due = "2026-11-21T17:30:00Z";
    let version = database.call(&ada, due, TAKE_TOKEN, &[&id, &"0"]).await;
    assert_eq!(version["outcome"], "refresh");
    assert_eq!(database.call(&ada, due, TAKE_TOKEN, &[&id, &"1 second"]).await["outcome"], "fresh");
    // Run out while somebody asks.
    let busy = database.call(&ada, LATER, TAKE_TOKEN, &[&id, &"-1770 seconds"]).await;
    assert_eq!((&busy["outcome"], &busy["retry_after_s"]), (&json!("busy"), &json!(30)));
    // Whoever asked is gone.
    assert_eq!(database.call(&ada, LATER, TAKE_TOKEN, &[&id, &"0"]).await["outcome"], "refresh");
    let version = i32::try_from(version["version"].as_i64().unwrap()).unwrap();
    let kept = database.call(&ada, LATER, KEEP_TOKEN, &[&id, &version]).await;
    assert_eq!((&kept["outcome"], &kept["version"]), (&json!("kept"), &json!(version + 1)));
    let late = database.call(&ada, LATER, KEEP_TOKEN, &[&id, &version]).await;
    assert_eq!(
        (&late["outcome"], &late["version"]),
        (&json!("superseded"), &json!(version + 1)),
        "the pair that is there comes along"
    );
    let eve = database.person("eve@example.org").await;
    assert_eq!(database.refusal(&eve, TAKE_TOKEN, &[&id, &"0"]).await, "OR404");
    assert_eq!(database.call(&eve, LATER, KEEP_TOKEN, &[&id, &(version + 1)]).await["outcome"], "unusable");
    assert_eq!(database.standing(id).await["token_version"], version + 1);
}

#[tokio::test]
async fn a_refusal_counts_only_for_the_version_that_was_read_and_is_mended_by_a_late_answer() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let id = database.connected(&ada, "strava", "17").await;
    let version = i32::try_from(database.standing(id).await["token_version"].as_i64().unwrap()).unwrap();
    database.call(&ada, LATER, KEEP_TOKEN, &[&id, &version]).await;
    assert_eq!(database.call(&ada, LATER, FAIL_TOKEN, &[&id, &version, &true]).await["outcome"], "superseded");
    assert_eq!(database.standing(id).await["status"], "active", "somebody else had renewed it");
    let version = version + 1;
    assert_eq!(database.call(&ada, LATER, FAIL_TOKEN, &[&id, &version, &true]).await["outcome"], "refused");
    let lost = database.standing(id).await;
    assert_eq!((&lost["status"], &lost["cause"]), (&json!("needs_reauth"), &json!("invalid_grant")));
    assert_eq!(database.call(&ada, LATER, KEEP_TOKEN, &[&id, &version]).await["outcome"], "kept");
    let mended = database.standing(id).await;
    assert_eq!((&mended["status"], &mended["cause"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn what_merely_fails_is_tried_again_later_and_later() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let id = database.connected(&ada, "strava", "17").await;
    let mut waits = Vec::new();
    for _ in 0..9 {
        let failed = database.call(&ada, LATER, FAIL_TOKEN, &[&id, &1, &false]).await;
        assert_eq!(failed["outcome"], "failed");
        waits.push(failed["retry_after_s"].as_i64().unwrap());
    }
    assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    assert_eq!(database.standing(id).await["status"], "active", "nothing that passes is a revocation");
    let waiting = database.call(&ada, LATER, TAKE_TOKEN, &[&id, &"0"]).await;
    assert_eq!((&waiting["outcome"], &waiting["retry_after_s"]), (&json!("waiting"), &json!(3600)));
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once_before_it_counts_as_revoked() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let id = database.connected(&ada, "wahoo", "17").await;
    assert_eq!(database.call(&ada, NOON, PROBE, &[&id, &1, &"unclear"]).await, "active");
    assert_eq!(database.call(&ada, NOON, PROBE, &[&id, &1, &"rejected"]).await, "active");
    let token = database.call(&ada, NOON, TAKE_TOKEN, &[&id, &"0"]).await;
    assert_eq!(token["outcome"], "refresh", "it is due at once");
    assert_eq!(database.call(&ada, "2026-11-21T12:01:00Z", KEEP_TOKEN, &[&id, &1]).await["outcome"], "kept");
    assert_eq!(
        database.call(&ada, NOON, PROBE, &[&id, &1, &"rejected"]).await,
        "active",
        "an answer to older tokens says nothing"
    );
    assert_eq!(database.call(&ada, LATER, PROBE, &[&id, &2, &"rejected"]).await, "revoked_by_provider");
    let gone = database.standing(id).await;
    assert_eq!((&gone["cause"], &gone["access_token"], &gone["refresh_token"]), (&json!("revoked"), &Value::Null, &Value::Null));
    assert_eq!(database.call(&ada, LATER, TAKE_TOKEN, &[&id, &"0"]).await["outcome"], "unusable");
}

#[tokio::test]
async fn who_leaves_is_revoked_once_and_may_come_back() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let id = database.connected(&ada, "polar", "17").await;
    let none: Option<bool> = None;
    let left = database.call(&ada, NOON, LEAVE, &[&id, &none]).await;
    assert_eq!((&left["status"], &left["erased"]), (&json!("disconnect_pending"), &json!(false)));
    assert_eq!((&left["outbox"]["kind"], &left["outbox"]["payload"]["account"]), (&json!("provider_revoke"), &json!("17")));
    let again = database.call(&ada, NOON, LEAVE, &[&id, &none]).await;
    assert_eq!((&again["status"], &again["outbox"]), (&json!("disconnect_pending"), &Value::Null));
    let owner = database.owner().await;
    owner
        .batch_execute(
            "set oree.now = '2026-11-21T12:05:00Z'; update outbox set delivered_at = edge.now() where kind = 'provider_revoke'",
        )
        .await
        .unwrap();
    assert_eq!(database.standing(id).await["status"], "disconnected");
    assert_eq!(database.connected(&ada, "polar", "17").await, id, "the number stays");
    // A revocation that was not sent yet is called off by who comes back.
    database.call(&ada, NOON, LEAVE, &[&id, &none]).await;
    assert_eq!(database.connected(&ada, "polar", "17").await, id);
    let waiting = "select count(*) from outbox where kind = 'provider_revoke' and delivered_at is null and dead_at is null";
    assert_eq!(owner.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0), 0);
    assert_eq!(database.standing(id).await["status"], "active");
}

#[tokio::test]
async fn what_terms_want_erased_cannot_be_kept() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let strava = database.connected(&ada, "strava", "17").await;
    assert_eq!(database.refusal(&ada, LEAVE, &[&strava, &Some(false)]).await, "OR409");
    let left = database.call(&ada, NOON, LEAVE, &[&strava, &None::<bool>]).await;
    assert_eq!(left["erased"], true);
    let gone = database.standing(strava).await;
    assert_eq!((&gone["provider_profile"], &gone["provider_email"]), (&Value::Null, &Value::Null));
    // Whatever table has rows of this origin loses them, but for what came after.
    let owner = database.owner().await;
    owner
        .batch_execute(
            "create table public.rides (id bigint generated always as identity primary key, user_id uuid, origin text, fetched_at timestamptz);
             grant select, delete on public.rides to edge_owner",
        )
        .await
        .unwrap();
    let insert = "insert into rides (user_id, origin, fetched_at) select $1, o, t::timestamptz
                  from unnest(array['strava', 'polar']) o, unnest(array['2026-11-20', '2026-11-22']) t";
    owner.execute(insert, &[&ada.id()]).await.unwrap();
    let erase = "select to_jsonb(edge.erase_imported(100))";
    assert_eq!(database.call(&Caller::service().claiming("purpose", "upkeep"), NOON, erase, &[]).await, false);
    let left: Vec<String> = owner
        .query("select origin || ' ' || fetched_at::date from rides order by 1", &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(left, ["polar 2026-11-20", "polar 2026-11-22", "strava 2026-11-22"]);
}

#[tokio::test]
async fn the_grants_of_who_is_erased_are_revoked() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    database.connected(&ada, "wahoo", "17").await;
    let owner = database.owner().await;
    owner.batch_execute("set oree.now = '2026-11-21T12:05:00Z'").await.unwrap();
    owner.execute("delete from users where id = $1", &[&ada.id()]).await.unwrap();
    let row = owner
        .query_one("select user_id is null and position(($1::uuid)::text in to_jsonb(outbox)::text) = 0, sealed ->> 'account' from outbox where kind = 'provider_revoke'", &[&ada.id()])
        .await
        .unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, String>(1)), (true, "17".to_owned()));
}

#[tokio::test]
async fn people_read_their_connections_and_no_token() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    database.connected(&ada, "strava", "17").await;
    let view = database.call(&ada, NOON, "select to_jsonb(u) from user_connections u", &[]).await;
    assert_eq!((&view["provider"], &view["is_active"]), (&json!("strava"), &json!(true)));
    for secret in ["access_token", "refresh_token", "key_id", "token_version", "lease_until"] {
        let refused = database.answer(&ada, NOON, &format!("select to_jsonb({secret}) from provider_connections"), &[]).await;
        assert!(refused.unwrap_err().starts_with("permission denied"), "{secret}");
    }
    // As the document debugs: every connection, and by provider.
    let owner = database.owner().await;
    assert_eq!(owner.query("SELECT * FROM provider_connections;", &[]).await.unwrap().len(), 1);
    let counted = owner
        .query_one("SELECT provider::text, COUNT(*) as count FROM provider_connections GROUP BY provider;", &[])
        .await
        .unwrap();
    assert_eq!((counted.get::<_, String>(0), counted.get::<_, i64>(1)), ("strava".to_owned(), 1));
    let known = owner.query_one("select enum_range(null::provider_type)::text", &[]).await.unwrap();
    assert_eq!(known.get::<_, String>(0), "{strava,garmin,polar,coros,wahoo,fitbit,google_health}");
}
