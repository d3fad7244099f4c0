use aube::questions::{Answers, ITEMS};
use aube::result::ANALYSIS_VERSION;
use serde_json::{Value, json};
use testing::{App, Person};

use super::FUNCTION;

async fn diagnostic(person: &Person, at: &str, choose: impl Fn(usize) -> u8) {
    let mut answers = Answers::default();
    (0..ITEMS.len()).for_each(|place| answers.put(place, choose(place)));
    let sql = "insert into career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score, created_at)
        values ($1, $2, $3, 'fr', $4, 'XXXX', 0.5, $5::text::timestamptz)";
    let digits = answers.digits();
    testing::database()
        .await
        .execute(sql, &[&person.id, &aube::questions::VERSION, &ANALYSIS_VERSION, &digits, &at])
        .await
        .unwrap();
}

async fn list(person: &Person) -> Value {
    let answer = App::native(&FUNCTION).get(&format!("/aube/recommendations/{}", person.id)).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_has_no_result_is_told_to_answer() {
    let ada = Person::new().await;
    let page = list(&ada).await;
    assert_eq!((ids(&page), &page["diagnostic"]), (vec!["take-questionnaire".to_owned()], &Value::Null));
}

#[tokio::test]
async fn recommendations_follow_the_latest_profile_and_what_was_set_aside() {
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |at| if at < 32 { 1 + (at * 7 % 5) as u8 } else { 0 }).await;
    let first = ids(&list(&ada).await);
    assert!(first.contains(&"answer-interests".to_owned()), "{first:?}");
    diagnostic(&ada, "2026-06-11T10:00:00Z", |at| 1 + (at * 7 % 5) as u8).await;
    let page = list(&ada).await;
    let second = ids(&page);
    assert!(!second.contains(&"answer-interests".to_owned()) && second != first, "{second:?}");
    assert!(page["items"].as_array().unwrap().iter().all(|item| !item["reason"].as_str().unwrap().is_empty()));
    let explored = second.iter().find(|id| id.starts_with("explore-")).unwrap().clone();
    let aside = "insert into career_feedback (user_id, kind, subject, verdict) values ($1, 'occupation', $2, 'not_this_one')";
    testing::database().await.execute(aside, &[&ada.id, &&explored["explore-".len()..]]).await.unwrap();
    let third = ids(&list(&ada).await);
    assert!(!third.contains(&explored) && third.iter().filter(|id| id.starts_with("explore-")).count() == 3, "{third:?}");
}

#[tokio::test]
async fn feedback_is_kept_changed_and_taken_back() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |at| if at < 32 { 1 + (at * 7 % 5) as u8 } else { 0 }).await;
    let path = "/aube/recommendations/feedback/answer-interests";
    let say = |verdict: &str| app.put(path).by(&ada).json(json!({"verdict": verdict})).send();
    assert_eq!(say("done").await.status, 204);
    assert_eq!(list(&ada).await["items"][0]["feedback"], "done");
    assert_eq!(say("not_useful").await.status, 204);
    assert!(!ids(&list(&ada).await).contains(&"answer-interests".to_owned()));
    assert_eq!(say("great").await.wrong_fields(), ["verdict:not_allowed"]);
    assert_eq!((app.delete(path).by(&ada).send().await.status, app.delete(path).by(&ada).send().await.status), (204, 404));
    assert_eq!(list(&ada).await["items"][0]["feedback"], Value::Null);
    let unknown =
        app.put("/aube/recommendations/feedback/explore-99-9999.99").by(&ada).json(json!({"verdict": "done"})).send().await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn nobody_reads_somebody_elses_and_a_version_that_is_gone_says_so() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let path = format!("/aube/recommendations/{}", ada.id);
    assert_eq!(app.get(&path).by(&eve).send().await.status, 403);
    diagnostic(&ada, "2026-06-10T10:00:00Z", |_| 4).await;
    testing::database()
        .await
        .execute("update career_explorations set analysis_version = 'old' where user_id = $1", &[&ada.id])
        .await
        .unwrap();
    let answer = app.get(&path).by(&ada).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "analysis_retired"));
}
