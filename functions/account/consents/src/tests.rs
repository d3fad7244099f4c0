use edge::auth::random_uuid;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

/// Works with what people must agree to.
mod guarded {
    edge::function! {
        //! Listens.

        /// Reads what needs a consent.
        GET "/guarded" => listen, auth: Person, limit: none, reads, refuses: [edge::refusal::CONSENT_REQUIRED];
    }

    use edge::{Context, Person, Reply, Result, Sql};

    async fn listen(ctx: Context, _: Person) -> Result<Reply<bool>> {
        let [_, heard] = ctx.batch([REQUIRE.into(), HEAR.into()]).await?;
        heard.one().map(Reply::new)
    }

    const REQUIRE: Sql = Sql::new("select edge.require_consent('guarded')");
    const HEAR: Sql = Sql::new("select true");
}

/// A purpose that no other test has.
async fn purpose() -> String {
    let name = format!("p-{}", random_uuid().unwrap().simple());
    declare(&name, 1).await;
    name
}

async fn declare(purpose: &str, version: i32) {
    let insert = "insert into consent_purposes (purpose, version, text_fr, text_en) values ($1, $2, $3, $4)";
    let (fr, en) = (format!("Accord {version}"), format!("Consent {version}"));
    database().await.execute(insert, &[&purpose, &version, &fr, &en]).await.unwrap();
}

async fn get(purpose: &str, by: &Person) -> Value {
    let answer = App::native(&FUNCTION).get(&format!("/consents/{purpose}")).by(by).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn put(purpose: &str, by: &Person, body: Value) -> Answer {
    App::native(&FUNCTION).at("2026-06-10T10:00:00Z").put(&format!("/consents/{purpose}")).by(by).json(body).send().await
}

async fn decisions(purpose: &str, by: &Person) -> Vec<(i32, bool)> {
    let select = "select version, granted from consents where user_id = $1 and purpose = $2 order by id";
    let rows = database().await.query(select, &[&by.id, &purpose]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

async fn has(purpose: &str, by: &Person) -> bool {
    database().await.query_one("select edge.has_consent($1, $2)", &[&by.id, &purpose]).await.unwrap().get(0)
}

#[tokio::test]
async fn no_decision_is_a_no_and_each_purpose_is_listed_with_its_text() {
    let (ada, purpose) = (Person::new().await, purpose().await);
    let expected = json!({
        "purpose": purpose, "version": 1, "text": "Accord 1", "granted": false, "decided_version": null, "decided_at": null,
    });
    assert_eq!(get(&purpose, &ada).await, expected);
    let list = App::native(&FUNCTION).get("/consents").by(&ada).header("accept-language", "en").send().await.json();
    let found = list["items"].as_array().unwrap().iter().find(|item| item["purpose"] == purpose.as_str()).unwrap();
    assert_eq!(found["text"], "Consent 1");
    assert!(!has(&purpose, &ada).await);
}

#[tokio::test]
async fn a_decision_holds_until_the_next_and_none_is_changed() {
    let (ada, eve, purpose) = (Person::new().await, Person::new().await, purpose().await);
    let yes = put(&purpose, &ada, json!({"granted": true, "version": 1})).await;
    assert_eq!(
        (yes.status, &yes.json()["granted"], &yes.json()["decided_at"]),
        (200, &json!(true), &json!("2026-06-10T10:00:00Z"))
    );
    assert_eq!(put(&purpose, &ada, json!({"granted": true})).await.json(), yes.json(), "said again, it is the same decision");
    assert!(has(&purpose, &ada).await && !has(&purpose, &eve).await);
    assert_eq!(put(&purpose, &ada, json!({"granted": false})).await.json()["granted"], false);
    assert!(!has(&purpose, &ada).await);
    put(&purpose, &ada, json!({"granted": true})).await;
    assert_eq!(decisions(&purpose, &ada).await, [(1, true), (1, false), (1, true)]);
    let owner = database().await;
    for sql in ["update consents set granted = true where user_id = $1", "update consent_purposes set text_fr = $1::text"] {
        let changed =
            if sql.contains("::text") { owner.execute(sql, &[&"x"]).await } else { owner.execute(sql, &[&ada.id]).await };
        assert_eq!(changed.unwrap_err().code().unwrap().code(), "OR409", "{sql}");
    }
}

#[tokio::test]
async fn a_new_text_asks_anew_and_nobody_agrees_to_one_that_they_have_not_seen() {
    let (ada, purpose) = (Person::new().await, purpose().await);
    put(&purpose, &ada, json!({"granted": true})).await;
    declare(&purpose, 2).await;
    let asked = get(&purpose, &ada).await;
    assert_eq!((&asked["granted"], &asked["version"], &asked["decided_version"]), (&json!(false), &json!(2), &json!(1)));
    assert!(!has(&purpose, &ada).await);
    for version in [1, 3] {
        let outdated = put(&purpose, &ada, json!({"granted": true, "version": version})).await;
        assert_eq!((outdated.status, outdated.code().as_str()), (409, "consent_outdated"));
    }
    assert_eq!(put(&purpose, &ada, json!({"granted": false, "version": 1})).await.status, 200, "a no is never refused");
    assert_eq!(put(&purpose, &ada, json!({"granted": true, "version": 2})).await.status, 200);
    assert!(has(&purpose, &ada).await);
    assert_eq!(decisions(&purpose, &ada).await, [(1, true), (2, false), (2, true)]);
}

#[tokio::test]
async fn what_needs_a_consent_is_refused_until_the_request_after_a_yes_and_again_after_a_no() {
    let ada = Person::new().await;
    let declare = "insert into consent_purposes (purpose, version, text_fr, text_en) values ('guarded', 1, 'Accord', 'Consent') on conflict do nothing";
    database().await.execute(declare, &[]).await.unwrap();
    let listen = async || App::native(&guarded::FUNCTION).get("/guarded").by(&ada).send().await;
    for granted in [false, true, false, true] {
        put("guarded", &ada, json!({"granted": granted})).await;
        let answer = listen().await;
        assert_eq!(answer.status, if granted { 200 } else { 403 }, "{answer:?}");
        assert_eq!(answer.code(), if granted { "" } else { "consent_required" });
    }
}

#[tokio::test]
async fn decisions_of_one_person_at_once_are_one_after_the_other() {
    let (ada, purpose) = (Person::new().await, purpose().await);
    let both = [true, false, true, false, true, true].map(|granted| put(&purpose, &ada, json!({"granted": granted})));
    for answer in futures::future::join_all(both).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let stored = decisions(&purpose, &ada).await;
    assert!(stored.windows(2).all(|two| two[0] != two[1]), "{stored:?}");
    assert_eq!(has(&purpose, &ada).await, stored.last().unwrap().1);
}

#[tokio::test]
async fn an_unknown_purpose_is_missing_and_what_is_no_word_is_refused() {
    let ada = Person::new().await;
    let app = App::native(&FUNCTION);
    assert_eq!(app.get("/consents/nothing-known").by(&ada).send().await.status, 404);
    let unknown = put("nothing-known", &ada, json!({"granted": true})).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "not_found"));
    for word in ["x", "Voice", "a_b", "1234", "%27%20or%201=1"] {
        let answer = app.get(&format!("/consents/{word}")).by(&ada).send().await;
        assert_eq!((answer.status, answer.json()["errors"][0]["in"].as_str()), (422, Some("path")), "{word}");
    }
    let answer = put("guarded", &ada, json!({"granted": true, "version": 0})).await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["version:range".to_owned()]));
}
