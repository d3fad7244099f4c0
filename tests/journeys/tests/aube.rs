use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

/// Where a link of a page leads, below the edge.
fn below(url: &Value) -> String {
    let url = url.as_str().unwrap();
    url[url.find("/api/v1").unwrap() + "/api/v1".len()..].to_owned()
}

#[tokio::test]
async fn a_diagnostic_is_taken_in_two_sittings_shown_to_a_friend_exported_and_erased() {
    let (app, ada) = (App::edge().at("2026-06-10T10:00:00Z"), Person::new().await);
    let me = ada.id.to_string();
    let read = async |path: &str| -> Value {
        let answer = app.get(path).by(&ada).header("accept-language", "en").send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    };
    let write = async |method: &str, path: &str, body: Value| -> Answer {
        let answer = app.call(method, path).by(&ada).json(body).send().await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
        answer
    };

    let questions = read("/aube/diagnostic/questions?lang=en").await;
    let ids: Vec<&Value> = questions["questions"].as_array().unwrap().iter().map(|question| &question["id"]).collect();
    let answers = |count: usize| -> Value {
        ids.iter().take(count).enumerate().map(|(at, id)| json!({"id": id, "answer": 1 + at * 7 % 5})).collect()
    };
    assert_eq!(read(&format!("/aube/recommendations/{me}")).await["items"][0]["id"], "take-questionnaire");
    write("PUT", "/aube/diagnostic/draft", json!({"lang": "en", "version": questions["version"], "answers": answers(20)})).await;
    let draft = read("/aube/diagnostic/draft").await;
    assert_eq!(draft["answers"].as_array().unwrap().len(), 20);

    write("PUT", "/consents/aube-events", json!({"granted": true, "version": 1})).await;
    let whole = json!({"lang": "en", "version": questions["version"], "answers": answers(50)});
    let result = write("POST", "/aube/diagnostic/submit", whole).await.json();
    let id = result["id"].as_str().unwrap();
    let matches = read(&format!("/aube/career/matches/{me}")).await;
    let [first, second] = [0, 1].map(|at| matches["items"][at]["occupation"]["onet_soc"].as_str().unwrap().to_owned());
    assert_eq!(result["career_matches"][0]["occupation"]["onet_soc"], first);
    write("PUT", &format!("/aube/career/set-aside/{first}"), json!({})).await;
    let event = json!({"id": ada.id, "type": "match_set_aside", "occupation": first});
    write("POST", "/aube/events", json!({"events": [event]})).await;
    let left = read(&format!("/aube/career/matches/{me}")).await;
    assert_eq!(left["items"][0]["occupation"]["onet_soc"], second, "the next one takes its place");
    assert_eq!(read(&format!("/aube/diagnostic/{id}")).await, result, "the result is as it was");
    let advice = read(&format!("/aube/recommendations/{me}")).await["items"][0]["id"].as_str().unwrap().to_owned();
    write("PUT", &format!("/aube/recommendations/feedback/{advice}"), json!({"verdict": "useful"})).await;

    let link = write("POST", &format!("/aube/pages/{id}/links"), json!({"lang": "fr"})).await.json();
    let page = app.get(&below(&link["url"])).send().await;
    let text = String::from_utf8(page.body).unwrap();
    assert!(page.status == 200 && text.contains("pas pour un recrutement") && !text.contains(&me));

    // The first one went with the result; another sitting begins.
    write("PUT", "/aube/diagnostic/draft", json!({"lang": "en", "version": questions["version"], "answers": answers(3)})).await;
    let export = read("/account/export?limit=1000").await;
    let mut tables: Vec<&str> = export["items"].as_array().unwrap().iter().map(|item| item["table"].as_str().unwrap()).collect();
    tables.dedup();
    let of_aube =
        ["career_drafts", "career_explorations", "career_feedback", "career_links", "career_matches", "exploration_analytics"];
    for table in of_aube {
        assert!(tables.contains(&table), "{table} is not among {tables:?}");
    }

    assert_eq!(app.delete(&format!("/users/{me}")).by(&ada).send().await.status, 202);
    assert_eq!(app.get(&below(&link["url"])).send().await.status, 404, "the link of a closed account opens nothing");
    // Long ago, so that this erasure takes nobody else's account.
    let owner = database().await;
    owner
        .execute("update users set deleted_at = '1998-06-10', erases_at = '1998-07-10' where id = $1", &[&ada.id])
        .await
        .unwrap();
    let run = App::edge().at("1998-08-01T00:00:00Z").cron("account-erasure").await;
    assert!(run.status == 200 && run.json()["accounts"].as_u64() >= Some(1), "{run:?}");
    for table in of_aube {
        let count = owner.query_one(&format!("select count(*) from {table} where user_id = $1"), &[&ada.id]).await.unwrap();
        assert_eq!(count.get::<_, i64>(0), 0, "{table}");
    }
}
