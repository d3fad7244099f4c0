use serde_json::json;
use testing::{App, Person, database};

use super::FUNCTION;

#[tokio::test]
async fn the_manual_tells_what_was_measured_and_which_items_are_weak() {
    let row = "insert into career_psychometrics (question_set_version, lang, scale, people, alpha, items)
        values ('aube-items-1', 'en', 'EI', 120, 0.81, $1)
        on conflict (question_set_version, lang, scale) do update set people = 120, alpha = 0.81, items = $1";
    let items = json!([{"id": "ei-1", "r": 0.61, "mean": 0.1}, {"id": "ei-2", "r": 0.12, "mean": 0}, {"id": "ei-3", "r": null, "mean": 0}]);
    database().await.execute(row, &[&items]).await.unwrap();
    let ada = Person::new().await;
    let answer = App::native(&FUNCTION).get("/aube/manual").by(&ada).header("accept-language", "en").send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let manual = answer.json();
    let scale =
        manual["scales"].as_array().unwrap().iter().find(|scale| scale["lang"] == "en" && scale["scale"] == "EI").unwrap();
    assert_eq!((&scale["people"], &scale["alpha"]), (&json!(120), &json!(0.81)));
    let weak: Vec<bool> = scale["items"].as_array().unwrap().iter().map(|item| item["weak"].as_bool().unwrap()).collect();
    assert_eq!(weak, [false, true, false]);
    assert_eq!((&manual["tie"], &manual["smallest"], &manual["questions"]), (&json!(0.15), &json!(100), &json!(50)));
    assert!(manual["purpose"].as_str().unwrap().contains("not for hiring"));
    assert!(manual["data"]["sources"].as_array().unwrap().len() >= 7);
    let page = App::native(&FUNCTION).get("/aube/manual/page").by(&ada).header("accept-language", "fr").send().await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let text = String::from_utf8(page.body).unwrap();
    assert!(
        text.contains("<td>0,81</td>")
            && text.contains("ei-2\u{a0}: 0,12 (à remplacer)")
            && text.contains("pas pour un recrutement"),
        "{text}"
    );
    assert!(!text.contains("<script") && text.ends_with("</html>\n"));
}
