use reqwest::multipart::{Form, Part};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use testing::{Person, now};

use crate::edge::Edge;
use crate::workspace::Workspace;

/// The fixture, served; with the variables changed that are named.
struct Hearing {
    edge: Edge,
}

impl Hearing {
    fn serve(workspace: &Workspace, changes: &[(&str, &str)]) -> Hearing {
        Hearing { edge: Edge::serve_with(&workspace.root, &[("fixture-hearing", "/hearing")], changes) }
    }

    fn post(&self, path: &str) -> RequestBuilder {
        Client::new().post(format!("{}/api/v1/hearing/{path}", self.edge.url)).header("accept-language", "en")
    }

    fn get(&self, path: &str) -> RequestBuilder {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        client.get(format!("{}/api/v1/hearing/{path}", self.edge.url))
    }
}

/// Status, and what was heard or why not: `kind text bytes`, or `code field:code`.
async fn said(request: RequestBuilder) -> (u16, String) {
    let answer = request.send().await.unwrap();
    let (status, body) = (answer.status().as_u16(), answer.json::<Value>().await.unwrap());
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let wrong = |error: &Value| format!(" {}:{}", error["field"].as_str().unwrap(), error["code"].as_str().unwrap());
    let told = match body["code"].as_str() {
        Some(code) => [code.to_owned()].into_iter().chain(body["errors"].as_array().into_iter().flatten().map(wrong)).collect(),
        None => format!("{} {} {}", word("kind"), word("text"), body["bytes"]),
    };
    (status, told)
}

#[tokio::test]
async fn bodies_of_every_kind_are_read_strictly_and_answers_of_every_kind_are_given() {
    let workspace = Workspace::with_fixture("hearing");
    let hearing = Hearing::serve(&workspace, &[]);
    let raw = |path: &str, kind: &str, body: &[u8]| said(hearing.post(path).header("content-type", kind).body(body.to_vec()));
    let ok = |text: &str| (200, text.to_owned());
    let no = |status: u16, text: &str| (status, text.to_owned());

    assert_eq!(raw("text", "text/plain;charset=UTF-8", "déjà\nvu".as_bytes()).await, ok("text déjà\nvu 9"));
    assert_eq!(raw("text", "text/plain", b"").await, ok("text  0"));
    assert_eq!(raw("text", "text/plain; charset=latin1", b"x").await, no(400, "malformed_text"));
    assert_eq!(raw("text", "text/plain", b"\xff").await, no(400, "malformed_text"));
    assert_eq!(raw("text", "text/plain", b"a\0b").await, no(422, "invalid :nul_character"));
    assert_eq!(raw("text", "application/json", b"\"x\"").await, no(415, "unsupported_media_type"));

    let form = "application/x-www-form-urlencoded";
    assert_eq!(raw("form", form, b"name=Ana%C3%AFs+B&age=7").await, ok("form Anaïs B/7 0"));
    assert_eq!(raw("form", form, b"name=A&age=old&more=1").await.0, 422);
    assert_eq!(raw("form", form, b"age=7").await, no(422, "invalid name:required"));
    assert_eq!(raw("form", form, b"name=%FF").await, no(400, "malformed_form"));
    assert_eq!(raw("form", form, b"name=a%00").await, no(422, "invalid name:nul_character"));

    // By another's client: three megabytes but for a little, of bytes that look like a boundary.
    let content = b"\r\n--x".repeat(590_000);
    let part = |content: &[u8]| Part::bytes(content.to_vec()).file_name("a \"b\".mp3").mime_str("audio/MPEG").unwrap();
    let files = |form: Form| said(hearing.post("files").multipart(form));
    let named = || Form::new().text("name", "Ana");
    let whole = files(named().part("voice", part(&content))).await;
    assert_eq!((whole.0, whole.1.rsplit(' ').next().unwrap()), (200, content.len().to_string().as_str()));
    assert!(whole.1.starts_with("audio/mpeg Ana//a "), "{whole:?}");
    assert_eq!(files(named()).await, no(422, "invalid voice:required"));
    assert_eq!(files(named().part("other", part(b"x"))).await, no(422, "invalid other:unknown_field"));
    assert_eq!(
        files(named().part("voice", part(b"x")).part("voice", part(b"y"))).await,
        no(422, "invalid voice:duplicate_field")
    );
    assert_eq!(files(named().text("more", "1").part("voice", part(b"x"))).await, no(422, "invalid more:unknown_field"));
    assert_eq!(files(named().part("voice", part(&vec![0; 3_000_000]))).await, no(413, "body_too_large"));
    let many = (0..70).fold(named(), |form, n| form.part(format!("f{n}"), part(b"x")));
    assert_eq!(files(many).await, no(400, "malformed_form"));
    for (kind, body) in [
        ("multipart/form-data", &b"--x\r\n"[..]),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut"),
        ("multipart/form-data; boundary=x", b"nothing of the kind"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nno name\r\n--x--\r\n"),
    ] {
        assert_eq!(raw("files", kind, body).await, no(400, "malformed_form"), "{kind}");
    }

    assert_eq!(raw("either", "application/json", b"{\"name\":\"A\"}").await, ok("json A/ 0"));
    assert_eq!(said(hearing.post("either").multipart(named())).await, ok("multipart Ana/ 0"));
    assert_eq!(raw("either", "text/plain", b"x").await, no(415, "unsupported_media_type"));
    assert_eq!(raw("either", "application/json", b"").await, no(400, "malformed_json"));
    assert_eq!(raw("raw", "Image/PNG; q=1", b"\x89PNG").await, ok("image/png  4"));
    assert_eq!(raw("raw", "", b"x").await, ok("  1"));

    let page = hearing.get("page").send().await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
    assert_eq!(header("x-content-type-options"), "nosniff");
    for (to, place) in [("a=1", "a=1"), ("a%0D%0Aset-cookie:%20x=1", "aset-cookie: x=1")] {
        let way = hearing.get(&format!("way?to={to}")).send().await.unwrap();
        assert_eq!((way.status().as_u16(), way.headers().contains_key("set-cookie")), (303, false));
        assert_eq!(way.headers()["location"].to_str().unwrap(), format!("/api/v1/hearing/page?{place}"));
        assert_eq!((way.headers().contains_key("content-type"), way.bytes().await.unwrap().len()), (false, 0));
    }
}

#[tokio::test]
async fn a_gate_answers_before_limit_quota_and_database_and_only_who_is_known() {
    let workspace = Workspace::with_fixture("hearing");
    let hearing = Hearing::serve(&workspace, &[]);
    let person = Person::new().await;
    let say = async |hearing: &Hearing, text: &str| {
        let request = hearing.post("words").bearer_auth(person.token(now())).header("cf-ipcountry", "FR");
        let answer = request.json(&json!({ "text": text })).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let heard = |(status, body): &(u16, Value)| {
        assert_eq!((*status, &body["kept"]), (200, &json!(false)), "{body}");
        assert_eq!((&body["crisis"]["level"], &body["crisis"]["text_id"]), (&json!("certain"), &json!("oneself-1")));
        assert!(body["crisis"]["resources"].as_array().unwrap().iter().any(|line| line["line"] == "3114"), "{body}");
    };
    const DANGER: &str = "je veux mourir";
    assert_eq!(say(&hearing, "bonjour").await, (200, json!({ "kept": true, "crisis": null })));
    heard(&say(&hearing, DANGER).await);

    // The limit of ten a minute is used up: for words, and not for these.
    for _ in 0..10 {
        say(&hearing, "encore").await;
    }
    assert_eq!(say(&hearing, "encore").await.0, 429);
    heard(&say(&hearing, DANGER).await);

    // Nobody is heard who is not known, nor what cannot be read.
    let unknown = hearing.post("words").json(&json!({ "text": DANGER })).send().await.unwrap();
    assert_eq!(unknown.status(), 401);
    let odd = hearing.post("words").bearer_auth(person.token(now())).json(&json!({ "text": 1 })).send().await.unwrap();
    assert_eq!(odd.status(), 422);

    // Without a database it is heard all the same.
    let alone = Hearing::serve(&workspace, &[("SQL_URL", "http://127.0.0.1:1/sql")]);
    assert_eq!(say(&alone, "bonjour").await.0, 503);
    heard(&say(&alone, DANGER).await);
}
