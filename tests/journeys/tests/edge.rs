//! The rules that are the same everywhere, each shown once on the edge itself.

use std::time::Duration;

use serde_json::json;
use testing::{App, Person, database};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn the_eleventh_attempt_in_a_minute_is_told_when_to_come_back() {
    let app = App::edge();
    let mut last = None;
    for _ in 0..30 {
        let call = app.post("/auth/refresh").header(&ip_header(), "2001:db8:ffff:1::1");
        let answer = call.json(json!({"refresh_token": "never-issued"})).send().await;
        if answer.status == 429 {
            last = Some(answer);
            break;
        }
    }
    let refused = last.expect("thirty attempts in a few seconds were let through");
    assert_eq!((refused.code().as_str(), refused.header("retry-after")), ("rate_limited", Some("60")));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"minute\";q=10;w=60"));
}

#[tokio::test]
async fn a_network_of_ipv6_has_a_limit_over_all_its_addresses() {
    let app = App::edge();
    let random = auth::random_uuid().unwrap().as_u128() & 0xffff;
    let ask = |subnet: u32| {
        let call = app.post("/auth/login").header(&ip_header(), &format!("2001:db8:{random:x}:{subnet:x}::1"));
        call.json(json!({})).send()
    };
    let mut refused = 0;
    for hundred in 0..7 {
        let answers = futures::future::join_all((0..100).map(|one| ask(hundred * 100 + one))).await;
        refused += answers.iter().filter(|answer| answer.status == 429).count();
    }
    assert!(refused >= 100, "{refused} of 700 calls from one network, with two windows at most, were refused");
}

#[tokio::test]
async fn a_forwarded_for_header_does_not_give_a_fresh_limit() {
    let app = App::edge();
    let mut statuses = Vec::new();
    for attempt in 0..30 {
        let call = app.post("/auth/refresh").header(&ip_header(), "2001:db8:ffff:2::1");
        let call = call.header("x-forwarded-for", &format!("198.51.100.{attempt}")).header("x-real-ip", "198.51.100.7");
        statuses.push(call.json(json!({"refresh_token": "never-issued"})).send().await.status);
    }
    assert!(statuses.contains(&429), "{statuses:?}");
}

/// What a client that writes `request` by hand hears: the status, and the code of the problem.
async fn heard(request: &[u8], hangs_up: bool) -> (u16, String) {
    let url = std::env::var("EDGE_URL").unwrap();
    let host = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head =
        format!("POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nConnection: close\r\n");
    stream.write_all(&[head.as_bytes(), request].concat()).await.unwrap();
    if hangs_up {
        stream.shutdown().await.unwrap();
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let code = answer.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
    (status, code.to_owned())
}

#[tokio::test]
async fn a_body_that_does_not_arrive_whole_is_not_called_too_large() {
    let broken = [
        (&b"Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ema"[..], true),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", false),
        (b"Content-Length: 100\r\n\r\n{\"email\":", true),
    ];
    for (request, hangs_up) in broken {
        let (status, code) = heard(request, hangs_up).await;
        // The runtime may close the connection before anybody could answer.
        assert!(status == 0 || status == 400, "{status} {code} to {}", String::from_utf8_lossy(request));
    }
    let (status, code) = heard(b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", false).await;
    assert_eq!((status, code.as_str()), (422, "invalid"));
    // A chunk may have an extension (RFC 9112, 7.1.1), which the runtime does not read: it is no matter of size either.
    let (status, code) = heard(b"Transfer-Encoding: chunked\r\n\r\n2;name=value\r\n{}\r\n0\r\n\r\n", false).await;
    assert_eq!((status, code.as_str()), (400, "body_incomplete"));
}

/// Each sends a while after it could have been answered: what is heard does not depend on who is faster.
#[tokio::test]
async fn whoever_sends_too_much_hears_so() {
    let body = vec![b' '; 2_000_000];
    let send = async |head: String| {
        let url = std::env::var("EDGE_URL").unwrap();
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.unwrap();
        let random = auth::random_uuid().unwrap().as_u128();
        let address = format!("2001:db8:{:x}:{:x}::1", random & 0xffff, random >> 16 & 0xffff);
        let head = format!("POST /api/v1/auth/login HTTP/1.1\r\nHost: {host}\r\n{}: {address}\r\n{head}\r\n\r\n", ip_header());
        stream.write_all(head.as_bytes()).await.unwrap();
        for piece in body.chunks(200_000) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let chunk = if head.contains("chunked") { format!("{:x}\r\n", piece.len()) } else { String::new() };
            stream.write_all(chunk.as_bytes()).await.unwrap();
            stream.write_all(piece).await.unwrap();
            stream.write_all(if chunk.is_empty() { b"" } else { b"\r\n" }).await.unwrap();
        }
        if head.contains("chunked") {
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    };
    let declared = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    let chunked = "Content-Type: application/json\r\nTransfer-Encoding: chunked".to_owned();
    let heads = [declared, chunked].into_iter().cycle().take(10);
    for answer in futures::future::join_all(heads.map(send)).await {
        assert_eq!(answer, "HTTP/1.1 413");
    }
}

#[tokio::test]
async fn a_preflight_is_answered_for_listed_origins_only() {
    let app = App::edge();
    let asks = |origin: &str, headers: &str| {
        let call = app.call("OPTIONS", "/rise/kaizen").header("origin", origin).header("access-control-request-method", "POST");
        call.header("access-control-request-headers", headers).send()
    };
    let ask = |origin: &'static str| asks(origin, "authorization,apikey, x-client-info,x-stainless-os");
    let allowed = ask("http://localhost:3000").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (204, Some("http://localhost:3000")));
    assert_eq!(allowed.header("access-control-allow-credentials"), Some("true"));
    let names = allowed.header("access-control-allow-headers");
    assert_eq!(
        names,
        Some("authorization, apikey, x-client-info, x-stainless-os"),
        "whatever a client sends beside what we read"
    );
    for odd in ["a b", "a,(b)", &vec!["x-many"; 65].join(",")] {
        assert_eq!(asks("http://localhost:3000", odd).await.header("access-control-allow-headers"), None, "{odd}");
    }
    let refused = ask("https://evil.example").await;
    assert_eq!(refused.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn errors_carry_cors_security_headers_and_a_request_id() {
    let answer = App::edge().get("/auth/me").header("origin", "http://localhost:3000").send().await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("access-control-allow-origin"), Some("http://localhost:3000"));
    assert!(answer.header("access-control-expose-headers").unwrap().contains("www-authenticate"));
    assert_eq!(answer.header("x-should-retry"), Some("false"), "waiting does not sign anybody in");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(uuid::Uuid::parse_str(answer.header("x-request-id").unwrap()).is_ok());
}

#[tokio::test]
async fn a_head_request_has_the_headers_of_get_and_no_body() {
    let answer = App::edge().call("HEAD", "/health?live").send().await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn sentences_come_in_the_language_that_the_caller_accepts() {
    let app = App::edge();
    let ada = Person::new().await;
    for (accepted, sentence) in
        [("en", "This field is required."), ("fr-FR,en;q=0.5", "Ce champ est obligatoire."), ("de", "Ce champ est obligatoire.")]
    {
        let answer = app.post("/rise/kaizen").by(&ada).header("accept-language", accepted).json(json!({})).send().await;
        assert_eq!(answer.json()["errors"][0]["message"], sentence, "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Language, Origin"));
    }
}

#[tokio::test]
async fn a_request_leaves_its_id_in_the_database_while_it_runs() {
    let owner = testing::database().await;
    let ada = Person::new().await;
    owner.batch_execute("begin").await.unwrap();
    owner.execute("insert into kaizen (user_id, action, date, client_id) values ($1, 'x', '2026-01-01', '7d444840-9dc0-11d1-b245-5ffdce74fad9')", &[&ada.id]).await.unwrap();
    // This request waits for our uncommitted row.
    let waiting = tokio::spawn({
        let token = ada.token(testing::now());
        let body = r#"{"action":"x","client_id":"7d444840-9dc0-11d1-b245-5ffdce74fad9"}"#;
        let url = [&testing::variable("EDGE_URL"), "/api/v1/rise/kaizen"].concat();
        let request = reqwest::Client::new().post(url).bearer_auth(token).header("content-type", "application/json").body(body);
        async move { request.send().await.unwrap().headers()["x-request-id"].to_str().unwrap().to_owned() }
    });
    let looker = testing::database().await;
    let mut names = Vec::new();
    for _ in 0..100 {
        let rows = looker
            .query(
                "select a.application_name from pg_locks l join pg_stat_activity a using (pid)
                 where not l.granted and a.application_name like 'oree %'",
                &[],
            )
            .await
            .unwrap();
        names = rows.into_iter().map(|row| row.get::<_, String>(0)).collect();
        if !names.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    owner.batch_execute("rollback").await.unwrap();
    let id = waiting.await.unwrap();
    assert!(names.contains(&format!("oree {id}")), "{id} is not among {names:?}");
}

fn ip_header() -> String {
    std::env::var("CLIENT_IP_HEADER").unwrap_or_else(|_| "cf-connecting-ip".to_owned()).to_ascii_lowercase()
}

#[tokio::test]
async fn an_etag_saves_an_answer_and_if_match_refuses_a_change_to_a_version_that_has_passed() {
    let app = App::edge();
    let ada = Person::new().await;
    let made = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Lire"})).send().await;
    assert_eq!((made.status, made.header("etag")), (201, Some("\"1\"")));
    let path = format!("/rise/kaizen/{}", made.json()["id"]);
    let change = || app.put(&path).by(&ada).header("if-match", "\"1\"").json(json!({"completed": true})).send();
    assert_eq!(change().await.header("etag"), Some("\"2\""));
    let late = change().await;
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    let listed = |tags: &'static str| app.put(&path).by(&ada).header("if-match", tags).json(json!({"action": "Lire"})).send();
    assert_eq!(listed("\"zz\", \"2\"").await.status, 200);
    assert_eq!(listed("\"1\",W/\"3\"").await.status, 200);
    assert_eq!(listed("\"1\", \"zz\"").await.status, 412);

    let whole = app.get("/openapi.json").send().await;
    let known = app.get("/openapi.json").header("if-none-match", whole.header("etag").unwrap()).send().await;
    assert_eq!((whole.status, known.status, known.body.len()), (200, 304, 0));
    assert_eq!(known.header("etag"), whole.header("etag"));
}

#[tokio::test]
async fn a_list_comes_in_pages_and_its_cursor_is_good_for_its_own_filters_only() {
    let app = App::edge().at("2026-06-10T08:00:00Z");
    let ada = Person::new().await;
    for day in ["2026-06-08", "2026-06-09", "2026-06-10"] {
        assert_eq!(app.post("/rise/kaizen").by(&ada).json(json!({"action": "Lire", "date": day})).send().await.status, 201);
    }
    let page = |query: String| app.get(&format!("/rise/kaizen/{}?{query}", ada.id)).by(&ada).send();
    let first = page("limit=2".to_owned()).await.json();
    assert_eq!(first["items"][1]["date"], "2026-06-09");
    let cursor = first["next_cursor"].as_str().unwrap();
    let last = page(format!("limit=2&cursor={cursor}")).await.json();
    assert_eq!((last["items"].as_array().unwrap().len(), &last["next_cursor"]), (1, &json!(null)));
    let other = page(format!("from=2026-06-09&cursor={cursor}")).await;
    assert_eq!((other.status, other.wrong_fields()), (422, vec!["cursor:bad_cursor".to_owned()]));
}

#[tokio::test]
async fn a_repeated_idempotency_key_gives_the_first_answer_and_does_nothing_again() {
    let app = App::edge();
    let ada = Person::new().await;
    let ask = |pose: &'static str| {
        let scene =
            json!({"world": "Brume", "era": "Aube", "class": "Mage", "pose": pose, "decor": "Lisière", "cache": "refresh"});
        app.post("/generate/scene").by(&ada).header("idempotency-key", "one-scene").json(scene).send()
    };
    let (first, again, other) = (ask("Debout").await, ask("Debout").await, ask("Assis").await);
    assert_eq!((first.status, first.header("idempotency-replayed")), (202, None), "{first:?}");
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")));
    assert_eq!((again.json(), again.header("location")), (first.json(), first.header("location")));
    assert_eq!((other.status, other.code().as_str()), (409, "idempotency_mismatch"));
    let scenes = app.get("/scenes").by(&ada).send().await.json();
    assert_eq!(scenes["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_person_makes_twice_under_one_key_is_made_once() {
    let app = App::edge();
    let ada = Person::new().await;
    let add = |key: &'static str, action: &'static str| {
        app.post("/rise/kaizen").by(&ada).header("idempotency-key", key).json(json!({"action": action})).send()
    };
    let (first, again) = (add("one", "Ranger").await, add("one", "Ranger").await);
    assert_eq!((first.status, first.header("idempotency-replayed")), (201, None), "{first:?}");
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, Some("true")), "{again:?}");
    assert_eq!((again.body, again.headers.get("etag")), (first.body.clone(), first.headers.get("etag")), "byte for byte");
    let other = add("one", "Dormir").await;
    assert_eq!((other.status, other.code().as_str()), (409, "idempotency_mismatch"));

    // At once: each that does not get the one answer is told to wait for it.
    let at_once = futures::future::join_all((0..6).map(|_| add("two", "Lire"))).await;
    for answer in &at_once {
        assert!(answer.status == 201 || answer.code() == "idempotency_in_progress", "{answer:?}");
    }
    let fresh = at_once.iter().filter(|answer| answer.status == 201 && answer.header("idempotency-replayed").is_none());
    assert_eq!(fresh.count(), 1);
    let list = app.get(&format!("/rise/kaizen/{}", ada.id)).by(&ada).send().await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list}");

    let keys = "select key from idempotency_keys where user_id = $1";
    let stored = database().await.query(keys, &[&ada.id]).await.unwrap();
    assert!(stored.iter().all(|row| row.get::<_, String>(0).len() == 64), "only digests of keys are kept");
}

#[tokio::test]
async fn a_refused_request_gives_its_key_back_and_a_dead_one_after_a_minute() {
    let app = App::edge();
    let (ada, owner) = (Person::new().await, database().await);
    let add = |body: serde_json::Value| app.post("/rise/kaizen").by(&ada).header("idempotency-key", "k").json(body).send();
    // Refused before the database is asked, and by what it answers.
    for refused in [json!({"action": ""}), json!({"action": "Ranger", "date": "1999-01-01"})] {
        assert_eq!(add(refused).await.status, 422);
    }
    let mut tries = 0;
    let made = loop {
        // The key is given back after the answer.
        let answer = add(json!({"action": "Ranger"})).await;
        tries += 1;
        if answer.status == 201 || tries == 50 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    };
    assert_eq!(made.status, 201, "{made:?}");

    let die = |age: &str| {
        format!(
            "update idempotency_keys set status = null, body = null, created_at = edge.now() - interval '{age}' where user_id = $1"
        )
    };
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    owner.execute(&die("59 seconds"), &[&ada.id]).await.unwrap();
    let waiting = add(json!({"action": "Ranger"})).await;
    assert_eq!((waiting.status, waiting.code().as_str()), (409, "idempotency_in_progress"));
    assert_eq!((waiting.header("retry-after"), waiting.header("x-should-retry")), (Some("1"), None));
    owner.execute(&die("61 seconds"), &[&ada.id]).await.unwrap();
    let after = add(json!({"action": "Ranger"})).await;
    // It runs again, and finds what the first has made.
    assert_eq!((after.status, after.header("idempotency-replayed")), (200, None), "{after:?}");
    assert_eq!(after.json()["id"], made.json()["id"]);
}

#[tokio::test]
async fn an_address_beyond_ascii_is_one_account_in_every_spelling() {
    let app = App::edge();
    let unique = auth::random_uuid().unwrap().simple().to_string();
    let password = "une belle lisi\u{e8}re";
    let body = |email: String| json!({"email": email, "password": password});
    let answer = app.post("/auth/register").json(body(format!("Jos\u{e9}{unique}@M\u{fc}nchen.example"))).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["user"]["email"], format!("jos\u{e9}{unique}@xn--mnchen-3ya.example"));
    for spelling in
        [format!("JOSE\u{301}{unique}@mu\u{308}nchen\u{3002}example"), format!("jos\u{e9}{unique}@xn--mnchen-3ya.example")]
    {
        assert_eq!(app.post("/auth/login").json(body(spelling.clone())).send().await.status, 200, "{spelling}");
    }
    let wrong = app.post("/auth/login").json(body("ada@\u{e9}.example/x".to_owned())).send().await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["email:bad_email".to_owned()]));
}
