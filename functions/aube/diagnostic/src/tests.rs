use aube::questions::ITEMS;
use serde_json::{Value, json};
use testing::{Answer, App, Person};
use uuid::Uuid;

use super::FUNCTION;

const NOON: &str = "2026-06-10T10:00:00Z";

/// Answers to the first `count` items, chosen by `choose`.
fn answers(count: usize, choose: impl Fn(usize) -> usize) -> Value {
    ITEMS.iter().take(count).enumerate().map(|(at, item)| json!({"id": item.id, "answer": choose(at)})).collect()
}

async fn submit(person: &Person, body: Value) -> Answer {
    App::native(&FUNCTION).at(NOON).post("/aube/diagnostic/submit").by(person).json(body).send().await
}

async fn count(table: &str, person: &Person) -> i64 {
    let sql = format!("select count(*) from {table} where user_id = $1");
    testing::database().await.query_one(&sql, &[&person.id]).await.unwrap().get(0)
}

#[tokio::test]
async fn both_languages_have_the_same_questions_in_the_same_order() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let get = |query: &str| app.get(&format!("/aube/diagnostic/questions{query}")).by(&ada).send();
    let (fr, en) = (get("?lang=fr").await, get("?lang=en").await);
    assert_eq!((fr.status, en.status), (200, 200), "{fr:?}");
    let (fr, en) = (fr.json(), en.json());
    assert_eq!((&fr["version"], &fr["scale"]), (&en["version"], &json!([1, 5])));
    let [of_fr, of_en] = [&fr, &en].map(|told| told["questions"].as_array().unwrap().clone());
    assert_eq!((of_fr.len(), of_en.len()), (50, 50));
    for (one, other) in of_fr.iter().zip(&of_en) {
        for name in ["id", "category", "pole", "optional"] {
            assert_eq!(one[name], other[name]);
        }
        assert_ne!(one["question"], other["question"]);
    }
    assert!(en["purpose"].as_str().unwrap().contains("not for hiring"));
    let by_header = app.get("/aube/diagnostic/questions").by(&ada).header("accept-language", "en").send().await;
    assert_eq!(by_header.json()["questions"], en["questions"]);
    assert_eq!(get("?lang=de").await.status, 422);
}

#[tokio::test]
async fn a_result_has_the_fields_of_the_documents_and_is_stored_with_its_matches() {
    let ada = Person::new().await;
    let answer =
        submit(&ada, json!({"lang": "en", "version": "aube-items-1", "answers": answers(50, |at| 1 + at * 7 % 5)})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let result = answer.json();
    assert_eq!(answer.header("location"), Some(format!("/api/v1/aube/diagnostic/{}", result["id"].as_str().unwrap()).as_str()));
    assert_eq!(result["user_id"], ada.id.to_string());
    assert!(result["personality_profile"]["dimensions"]["EI"]["score"].is_number() && result["confidence_score"].is_f64());
    assert_eq!((&result["ai_insights"], &result["analysis_version"]), (&json!({}), &json!("aube-2026.11")));
    let texts: Vec<&Value> = result["recommendation_details"].as_array().unwrap().iter().map(|one| &one["text"]).collect();
    assert_eq!(result["recommendations"].as_array().unwrap().iter().collect::<Vec<_>>(), texts);
    let matches = result["career_matches"].as_array().unwrap();
    assert_eq!(matches.len(), 20);
    for found in matches {
        for name in ["title", "description", "growth_potential"] {
            assert!(!found[name].as_str().unwrap().is_empty(), "{name}: {found}");
        }
        assert!(found["match_score"].is_u64() && found["ai_resilience"].is_u64() && found["skills_required"][0].is_string());
        assert!(found["occupation"]["onet_soc"].is_string() && found["occupation"]["isco08"].as_str().unwrap().len() == 4);
        assert!(found["ai_measures"].as_array().unwrap().len() >= 2 && !found["why"].as_array().unwrap().is_empty());
        assert!(!found["data"]["licence"].as_str().unwrap().is_empty());
    }
    assert!(
        result["data"]["sources"].to_string().contains("O*NET® is a trademark")
            && result["purpose"].as_str().unwrap().contains("not for hiring")
    );
    assert_eq!((count("career_explorations", &ada).await, count("career_matches", &ada).await), (1, 20));
}

#[tokio::test]
async fn a_stored_result_is_given_again_byte_for_byte_and_to_its_owner_only() {
    let app = App::native(&FUNCTION).at(NOON);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let made = submit(&ada, json!({"answers": answers(32, |at| 1 + at % 5)})).await;
    let path = format!("/aube/diagnostic/{}", made.json()["id"].as_str().unwrap());
    let again = app.get(&path).by(&ada).header("accept-language", "en").send().await;
    assert_eq!((again.status, &again.body), (200, &made.body), "in the language that it was given in");
    let tag = again.header("etag").unwrap();
    assert_eq!(app.get(&path).by(&ada).header("if-none-match", tag).send().await.status, 304);
    for method in ["GET", "DELETE"] {
        assert_eq!(app.call(method, &path).by(&eve).send().await.status, 404);
    }
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 204);
    assert_eq!(app.get(&path).by(&ada).send().await.status, 404);
    assert_eq!((count("career_explorations", &ada).await, count("career_matches", &ada).await), (0, 0));
}

#[tokio::test]
async fn two_people_with_the_same_answers_get_the_same_numbers_in_either_language_and_order() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let given = answers(50, |at| 1 + at * 3 % 5);
    let turned: Vec<Value> = given.as_array().unwrap().iter().rev().cloned().collect();
    let one = submit(&ada, json!({"lang": "fr", "answers": given})).await.json();
    let other = submit(&bob, json!({"lang": "en", "answers": turned})).await.json();
    assert_eq!(one["confidence_score"], other["confidence_score"]);
    assert_eq!(one["personality_profile"]["interests"], other["personality_profile"]["interests"]);
    let codes = |result: &Value| -> Vec<Value> {
        result["career_matches"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| {
                json!([
                    found["occupation"]["onet_soc"],
                    found["match_score"],
                    found["match_interval"],
                    found["ai_measures"][0]["value"]
                ])
            })
            .collect()
    };
    assert_eq!(codes(&one), codes(&other));
}

#[tokio::test]
async fn a_repeated_client_id_gives_the_first_result_and_other_answers_are_refused() {
    let ada = Person::new().await;
    let id = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    let body = |answer: usize| json!({"client_id": id, "answers": answers(32, |_| answer)});
    let (first, second) = (submit(&ada, body(4)).await, submit(&ada, body(4)).await);
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.body, second.body);
    let other = submit(&ada, body(2)).await;
    assert_eq!((other.status, other.code().as_str()), (409, "client_id_mismatch"));
    assert_eq!(count("career_explorations", &ada).await, 1);
    assert_eq!(submit(&Person::new().await, body(2)).await.status, 201, "client ids are per person");
}

#[tokio::test]
async fn wrong_answers_are_named_and_nothing_is_stored() {
    let ada = Person::new().await;
    let one = |id: &str, answer: Value| json!({"answers": [{"id": id, "answer": answer}]});
    for (body, refusal) in [
        (one("ei-9", json!(3)), "answers.0.id:unknown_question"),
        (one("ei-1", json!(0)), "answers.0.answer:range"),
        (one("ei-1", json!(6)), "answers.0.answer:range"),
        (one("ei-1", json!(-1)), "answers.0.answer:range"),
        (one("ei-1", json!(99_999_999_999_i64)), "answers.0.answer:range"),
        (one("ei-1", json!("9")), "answers.0.answer:range"),
        (one("ei-1", json!("beaucoup")), "answers.0.answer:wrong_type"),
        (one("ei-1", json!(2.5)), "answers.0.answer:wrong_type"),
        (json!({"answers": [{"id": "ei-1", "answer": 3}, {"id": "ei-1", "answer": 3}]}), "answers.1.id:answered_twice"),
        (json!({"answers": [{"id": "ei-1", "answer": 3, "category": "JP"}]}), "answers.0.category:other_category"),
        (json!({"answers": []}), "answers:length"),
        (json!({"version": "aube-items-0", "answers": answers(2, |_| 3)}), "version:not_allowed"),
    ] {
        let answer = submit(&ada, body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{body}");
    }
    assert_eq!(count("career_explorations", &ada).await, 0);
}

#[tokio::test]
async fn answers_in_the_documents_own_shape_are_taken() {
    let ada = Person::new().await;
    let body = json!({"answers": [{"id": "ei-1", "question": "Après une journée…", "answer": "5", "category": "EI"}]});
    let answer = submit(&ada, body).await;
    assert_eq!(
        (answer.status, &answer.json()["personality_profile"]["dimensions"]["EI"]["answered"]),
        (201, &json!(1)),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_draft_is_saved_resumed_and_gone_once_submitted() {
    let app = App::native(&FUNCTION).at(NOON);
    let ada = Person::new().await;
    let path = "/aube/diagnostic/draft";
    assert_eq!(app.get(path).by(&ada).send().await.status, 404);
    let save = |count: usize| app.put(path).by(&ada).json(json!({"lang": "fr", "answers": answers(count, |_| 4)}));
    assert_eq!(save(3).header("if-match", "\"1\"").send().await.status, 412, "there is no version yet");
    let first = save(3).send().await;
    assert_eq!((first.status, first.header("etag")), (200, Some("\"1\"")), "{first:?}");
    let second = save(9).header("if-match", "\"1\"").send().await;
    assert_eq!((second.status, second.header("etag")), (200, Some("\"2\"")));
    assert_eq!(save(1).header("if-match", "\"1\"").send().await.status, 412, "another device has saved since");
    let resumed = app.get(path).by(&ada.elsewhere().await).send().await.json();
    assert_eq!((resumed["answers"].as_array().unwrap().len(), &resumed["of"]), (9, &json!(50)));
    assert_eq!(resumed["answers"][0], json!({"id": ITEMS[0].id, "answer": 4}));
    assert_eq!(submit(&ada, json!({"answers": resumed["answers"]})).await.status, 201);
    assert_eq!(app.get(path).by(&ada).send().await.status, 404);
    assert_eq!(save(2).send().await.status, 200);
    assert_eq!((app.delete(path).by(&ada).send().await.status, app.get(path).by(&ada).send().await.status), (204, 404));
}

#[tokio::test]
async fn several_results_are_kept_listed_and_compared() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let mut ids = Vec::new();
    for (hour, answer) in [("10", 5), ("11", 1)] {
        let app = App::native(&FUNCTION).at(&format!("2026-06-10T{hour}:00:00Z"));
        let choose = |at: usize| if ITEMS[at].pole() == "N" { answer } else { 3 };
        ids.push(
            app.post("/aube/diagnostic/submit").by(&ada).json(json!({"answers": answers(32, choose)})).send().await.json()["id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    let page = app.get("/aube/diagnostic?limit=1").by(&ada).send().await.json();
    assert_eq!(page["items"][0]["id"], ids[1].as_str());
    assert!(!page["items"][0]["first_matches"][2]["title"].as_str().unwrap().is_empty(), "{page}");
    let next = app
        .get(&format!("/aube/diagnostic?limit=1&cursor={}", page["next_cursor"].as_str().unwrap()))
        .by(&ada)
        .send()
        .await
        .json();
    assert_eq!((&next["items"][0]["id"], &next["next_cursor"]), (&json!(ids[0]), &Value::Null));
    let path = format!("/aube/diagnostic/{}/comparison?with={}", ids[0], ids[1]);
    let compared = app.get(&path).by(&ada).send().await;
    assert_eq!(compared.status, 200, "{compared:?}");
    let compared = compared.json();
    assert_eq!(compared["dimension_changes"], json!([0.0, -1.0, 0.0, 0.0]));
    assert_eq!((compared["kept"].as_array().unwrap().len(), compared["entered"].as_array().unwrap().len()), (0, 20));
    assert_eq!(app.get(&path).by(&eve).send().await.status, 404);
    let half = format!("/aube/diagnostic/{}/comparison?with={}", ids[0], Uuid::nil());
    assert_eq!(app.get(&half).by(&ada).send().await.status, 404);
}

#[tokio::test]
async fn a_result_of_a_version_that_is_gone_says_so() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let old = "insert into career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
        values ($1, 'aube-items-1', 'aube-1999.01', 'fr', repeat('4', 50), 'XXXX', 0) returning id";
    let id: Uuid = testing::database().await.query_one(old, &[&ada.id]).await.unwrap().get(0);
    for path in [format!("/aube/diagnostic/{id}"), format!("/aube/diagnostic/{id}/comparison?with={id}")] {
        let answer = app.get(&path).by(&ada).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (410, "analysis_retired"));
    }
    assert_eq!(app.get("/aube/diagnostic").by(&ada).send().await.json()["items"][0]["analysis_version"], "aube-1999.01");
}

#[tokio::test]
async fn answers_that_claim_no_order_give_examples_and_store_no_match() {
    let ada = Person::new().await;
    let result = submit(&ada, json!({"lang": "en", "answers": answers(50, |_| 3)})).await.json();
    assert_eq!((&result["ranking"]["claimed"], result["career_matches"].as_array().unwrap().len()), (&json!(false), 6));
    assert_eq!(result["personality_profile"]["type"], "XXXX");
    assert_eq!(count("career_matches", &ada).await, 0);
}
