use edge::auth::{self, Access, Keys, Role};
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

use super::FUNCTION;

const PASSWORD: &str = "une phrase de passe assez longue";
const NOON: &str = "2026-06-10T10:00:00Z";

async fn of(role: Role) -> Person {
    let person = Person::of(role, "Europe/Paris").await;
    person.set_password(PASSWORD).await;
    person
}

async fn sign_in(person: &Person, password: &str) -> Answer {
    let fields = json!({"email": person.email, "password": password});
    App::native(&FUNCTION).at(NOON).post("/admin/sign-in").form(&fields).send().await
}

/// The page's cookie as a browser sends it back.
fn cookie(answer: &Answer) -> String {
    let set = answer.cookies().find(|cookie| cookie.starts_with("__Host-page=")).unwrap();
    set.split(';').next().unwrap().to_owned()
}

async fn look(path: &str, cookie: &str, now: &str) -> Answer {
    App::native(&FUNCTION).at(now).get(path).header("cookie", cookie).header("accept-language", "en").send().await
}

fn text(answer: Answer) -> String {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/html; charset=utf-8")), "{answer:?}");
    assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    String::from_utf8(answer.body).unwrap()
}

#[tokio::test]
async fn staff_sign_in_for_half_an_hour_with_a_cookie_that_no_script_and_no_other_site_can_use() {
    let maya = of(Role::Qa).await;
    let answer = sign_in(&maya, PASSWORD).await;
    assert_eq!((answer.status, answer.header("location")), (303, Some("/admin")), "{answer:?}");
    let [page, device] = answer.cookies().collect::<Vec<_>>()[..] else { panic!("{answer:?}") };
    assert!(
        page.starts_with("__Host-page=") && page.ends_with("; Max-Age=1800; Path=/; Secure; HttpOnly; SameSite=Strict"),
        "{page}"
    );
    assert!(device.starts_with("__Host-device="), "the account knows this browser from now on: {device}");
    let cookie = cookie(&answer);
    let home = text(look("/admin", &cookie, "2026-06-10T10:29:00Z").await);
    assert!(
        home.contains("/admin/qa") && home.contains("GET /api/v1/qa/report") && !home.contains("/api/v1/audit-logs"),
        "{home}"
    );
    assert_eq!(look("/admin", &cookie, "2026-06-10T10:31:00Z").await.status, 401, "the half hour is over");
    let select =
        "select count(*), max(expires_at)::text from user_sessions where user_id = $1 and created_at = $2::text::timestamptz";
    let row = database().await.query_one(select, &[&maya.id, &NOON]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, String>(1).as_str()), (1, "2026-06-10 10:30:00+00"), "one session row");
}

#[tokio::test]
async fn nobody_else_comes_in_and_a_refusal_is_a_page_for_who_reads_pages() {
    let (ada, maya) = (of(Role::User).await, of(Role::Qa).await);
    let refused = sign_in(&ada, PASSWORD).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));
    assert!(refused.header("set-cookie").is_none());
    let wrong = sign_in(&maya, "une autre phrase de passe").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    let call = App::native(&FUNCTION).get("/admin/qa").header("accept", "text/html,*/*").header("accept-language", "en");
    let page = call.send().await;
    assert_eq!((page.status, page.header("content-type")), (401, Some("text/html; charset=utf-8")));
    assert!(String::from_utf8(page.body).unwrap().contains("<a href=\"/admin/sign-in\">Sign in</a>"));
}

#[tokio::test]
async fn who_may_not_sign_in_elsewhere_may_not_here() {
    let change = async |column: &'static str, code: &'static str| {
        let person = of(Role::Admin).await;
        database().await.execute(&format!("update users set {column} where id = $1"), &[&person.id]).await.unwrap();
        let refused = sign_in(&person, PASSWORD).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, code));
    };
    change("is_active = false", "inactive").await;
    change("is_banned = true", "banned").await;
    change("deleted_at = '2026-06-10'", "account_closed").await;
    let guessed = of(Role::Admin).await;
    let from_one_place = async |password: &str| {
        let fields = json!({"email": guessed.email, "password": password});
        let call = App::native(&FUNCTION).at(NOON).post("/admin/sign-in").header("cf-connecting-ip", "3fff:77:1::1");
        call.form(&fields).send().await
    };
    for _ in 0..5 {
        assert_eq!(from_one_place("une autre phrase de passe").await.status, 401);
    }
    let locked = from_one_place(PASSWORD).await;
    assert_eq!((locked.status, locked.code().as_str()), (429, "locked"));
    // Everybody else here is verified.
    let set = "update settings set value = $1::text::jsonb where key = 'verify_first'";
    database().await.execute(set, &[&"true"]).await.unwrap();
    change("email_verified_at = null", "verify_first").await;
    database().await.execute(set, &[&"false"]).await.unwrap();
}

#[tokio::test]
async fn each_role_sees_its_own_pages_and_signing_out_ends_the_session() {
    let (privacy, admin) = (of(Role::Privacy).await, of(Role::Admin).await);
    let (privacy, admin) = (cookie(&sign_in(&privacy, PASSWORD).await), cookie(&sign_in(&admin, PASSWORD).await));
    assert!(text(look("/admin", &privacy, NOON).await).contains("/api/v1/audit-logs"));
    assert_eq!(look("/admin/qa", &privacy, NOON).await.status, 403);
    assert!(text(look("/admin", &admin, NOON).await).contains("/api/v1/settings"));
    assert!(text(look("/admin/qa", &admin, NOON).await).contains("<nav>"));
    let out = App::native(&FUNCTION).at(NOON).post("/admin/sign-out").header("cookie", &admin).send().await;
    assert_eq!((out.status, out.header("location")), (303, Some("/admin/sign-in")), "{out:?}");
    assert!(out.header("set-cookie").unwrap().starts_with("__Host-page=; Max-Age=0;"));
    let after = look("/admin", &admin, NOON).await;
    assert_eq!((after.status, after.code().as_str()), (401, "session_revoked"));
    let stranger = App::native(&FUNCTION).post("/admin/sign-out").send().await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn an_access_token_is_no_cookie() {
    let maya = of(Role::Qa).await;
    let keys = Keys::parse(&variable("JWT_KEYS")).unwrap();
    let now = NOON.parse().unwrap();
    let (token, _) = keys.issue(Access { person: maya.id, session: maya.session, role: Role::Qa }, now);
    assert_eq!(look("/admin/qa", &format!("__Host-page={token}"), NOON).await.status, 401);
    assert_eq!(App::native(&FUNCTION).at(NOON).get("/admin/qa").token(&token).send().await.status, 401);
    let page = keys.issue_page(Access { person: maya.id, session: maya.session, role: Role::Qa }, now).0;
    assert_eq!(look("/admin/qa", &format!("a=b; __Host-page={page}; c=d"), NOON).await.status, 200);
    assert_eq!(App::native(&FUNCTION).at(NOON).get("/admin/qa").token(&page).send().await.status, 401, "and no cookie a token");
}

/// Reports of `count` commits of a repository of its own, one a minute.
async fn reports(count: i32) -> String {
    let repository = format!("octo/{}", auth::random_uuid().unwrap().simple());
    let insert =
        "insert into qa_reports (repository, commit_sha, branch, workflow, run_id, status, summary, url, duration_ms, created_at,
            format, tests, passed, failed, skipped, flaky)
        select $1, lpad(to_hex(n), 40, '0'), 'main', w, n, case when n % 7 = 0 then 'failure' else 'success' end,
          'Commit <b>' || n, case when n = 1 then 'javascript:alert(1)' else 'https://ci.example/' || n end, 90000,
          timestamptz '2026-06-10 09:00' - n * interval '1 minute', 'ctrf', 1200, 1199, 1, 0, 0
        from generate_series(1, $2::int) n, unnest(array['Linux', 'Windows', 'Lint']) w";
    database().await.execute(insert, &[&repository, &count]).await.unwrap();
    repository
}

#[tokio::test]
async fn the_page_shows_commits_their_runs_the_trend_and_the_next_page() {
    let repository = reports(50).await;
    let cookie = cookie(&sign_in(&of(Role::Qa).await, PASSWORD).await);
    let path = format!("/admin/qa?repository={repository}&branch=&workflow=&status=&from=&to=");
    let page = text(look(&path, &cookie, NOON).await);
    assert_eq!(page.matches("<th scope=\"row\">").count(), 40);
    assert!(
        page.contains("Commit &lt;b&gt;7")
            && page.contains("✗ failure")
            && page.contains("✓ success")
            && page.contains("1 min 30 s")
    );
    assert!(!page.contains("javascript:") && !page.contains("<script") && page.contains("class=\"bar\""), "{page}");
    assert!(page.len() < 60_000, "{}", page.len());
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let second = text(look(&next, &cookie, NOON).await);
    assert_eq!((second.matches("<th scope=\"row\">").count(), second.contains("rel=\"next\"")), (10, false));
    let failed = text(look(&format!("/admin/qa?repository={repository}&status=failure"), &cookie, NOON).await);
    assert_eq!(failed.matches("<th scope=\"row\">").count(), 7);
    assert!(failed.contains("<option value=\"failure\" selected>"));
    let none = text(look(&format!("/admin/qa?repository={repository}&branch=nothing"), &cookie, NOON).await);
    assert!(none.contains("POST /api/v1/qa/report"), "an empty page says what to do");
    assert_eq!(look("/admin/qa?status=great", &cookie, NOON).await.status, 422);
}

#[test]
fn every_view_that_the_home_names_is_there() {
    let areas = [include_str!("../../openapi.json"), include_str!("../../../account/openapi.json")];
    let areas = areas.map(|area| serde_json::from_str::<Value>(area).unwrap());
    for (_, path, _) in super::home::OTHERS {
        assert!(areas.iter().any(|area| area["paths"][path]["get"].is_object()), "{path}");
    }
}

#[tokio::test]
async fn both_languages_are_whole() {
    let repository = reports(1).await;
    let cookie = cookie(&sign_in(&of(Role::Admin).await, PASSWORD).await);
    for path in ["/admin/sign-in", "/admin", &format!("/admin/qa?repository={repository}")] {
        let app = App::native(&FUNCTION).at(NOON);
        let [fr, en] =
            ["fr", "en"].map(|language| app.get(path).header("cookie", &cookie).header("accept-language", language).send());
        let (fr, en) = (text(fr.await), text(en.await));
        assert!(fr.contains("<html lang=\"fr\">") && en.contains("<html lang=\"en\">") && fr != en);
        let shape = |page: &str| Value::from(page.matches('<').count());
        assert_eq!(shape(&fr), shape(&en), "the same elements: {path}");
    }
}
