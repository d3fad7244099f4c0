use std::collections::BTreeSet;

use aube::Analysis;
use aube::questions::{Answers, ITEMS};
use aube::result::{ANALYSIS_VERSION, four_letters};
use serde_json::Value;
use testing::{Answer, App, Person};
use uuid::Uuid;

use super::FUNCTION;

async fn diagnostic(person: &Person, at: &str, choose: impl Fn(usize) -> u8) -> Uuid {
    let mut answers = Answers::default();
    (0..ITEMS.len()).for_each(|place| answers.put(place, choose(place)));
    let kind = four_letters(&Analysis::of(answers).profile);
    let sql = "insert into career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score, created_at)
        values ($1, $2, $3, 'fr', $4, $5, 0.5, $6::text::timestamptz) returning id";
    let digits = answers.digits();
    let row = testing::database().await;
    let row = row.query_one(sql, &[&person.id, &aube::questions::VERSION, &ANALYSIS_VERSION, &digits, &kind, &at]).await;
    row.unwrap().get(0)
}

async fn get(person: &Person, query: &str) -> Answer {
    let path = format!("/aube/career/matches/{}{query}", person.id);
    App::native(&FUNCTION).get(&path).by(person).send().await
}

fn codes(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| item["occupation"]["onet_soc"].as_str().unwrap().to_owned()).collect()
}

/// Every page of a list.
async fn all(person: &Person, query: &str) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(person, &format!("?limit=100{query}{cursor}")).await.json();
        found.extend(codes(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn who_has_no_result_has_no_matches() {
    let ada = Person::new().await;
    let page = get(&ada, "").await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["diagnostic"], &page["ranking"]), (0, &Value::Null, &Value::Null));
    assert_eq!(page["analysis_version"], ANALYSIS_VERSION);
    assert!(page["purpose"].as_str().unwrap().contains("pas pour un recrutement"));
    let of_nobody = get(&ada, "?diagnostic=7d444840-9dc0-41d1-b245-5ffdce74fad2").await;
    assert_eq!((of_nobody.status, of_nobody.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn pages_and_filters_add_up_to_the_whole() {
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |at| 1 + (at * 7 % 5) as u8).await;
    let whole = all(&ada, "").await;
    assert_eq!((whole.len(), whole.iter().collect::<BTreeSet<_>>().len()), (398, 398));
    let mut by_zone = Vec::new();
    for zone in 1..=5 {
        by_zone.extend(all(&ada, &format!("&job_zone={zone}")).await);
    }
    assert_eq!(by_zone.iter().collect::<BTreeSet<_>>(), whole.iter().collect());
    let mut by_growth = 0;
    for word in ["declining", "slow_decline", "slow", "growing", "strong"] {
        let page = get(&ada, &format!("?growth={word}")).await.json();
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["growth_potential"] == word));
        by_growth += page["total"].as_u64().unwrap();
    }
    assert_eq!(by_growth, 398);
    let page = get(&ada, "?min_resilience=70&skill=2.B.3.l").await.json();
    let items = page["items"].as_array().unwrap();
    assert!(
        !items.is_empty()
            && items.iter().all(|item| item["ai_resilience"].as_u64().unwrap() >= 70
                && item["skill_ids"].as_array().unwrap().iter().any(|id| id == "2.B.3.l"))
    );
    for (query, wrong) in [
        ("?skill=9.Z", "skill:not_allowed"),
        ("?job_zone=6", "job_zone:range"),
        ("?min_resilience=101", "min_resilience:range"),
        ("?growth=huge", "growth:not_allowed"),
    ] {
        assert_eq!(get(&ada, query).await.wrong_fields(), [wrong]);
    }
}

#[tokio::test]
async fn matches_fall_in_score_and_a_cursor_stays_in_its_result() {
    let ada = Person::new().await;
    let first = diagnostic(&ada, "2026-06-10T10:00:00Z", |at| 1 + (at * 7 % 5) as u8).await;
    let page = get(&ada, "?limit=5").await.json();
    let scores: Vec<u64> = page["items"].as_array().unwrap().iter().map(|item| item["match_score"].as_u64().unwrap()).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other), "{scores:?}");
    let second = diagnostic(&ada, "2026-06-11T10:00:00Z", |at| 5 - (at * 7 % 5) as u8).await;
    let next = get(&ada, &format!("?limit=5&cursor={}", page["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!(next["diagnostic"], first.to_string());
    assert_eq!(get(&ada, "?limit=5").await.json()["diagnostic"], second.to_string());
    assert_eq!(codes(&get(&ada, &format!("?limit=5&diagnostic={first}")).await.json()), codes(&page));
    let eve = Person::new().await;
    let path = format!("/aube/career/matches/{}?diagnostic={first}", eve.id);
    assert_eq!(App::native(&FUNCTION).get(&path).by(&eve).send().await.status, 404, "of somebody else");
    let admin = Person::admin().await;
    let path = format!("/aube/career/matches/{}?limit=1", ada.id);
    assert_eq!(App::native(&FUNCTION).get(&path).by(&admin).send().await.json()["diagnostic"], second.to_string());
}

#[tokio::test]
async fn what_is_set_aside_is_replaced_at_once_and_can_be_taken_back() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |at| 1 + (at * 3 % 5) as u8).await;
    let stored = || async {
        testing::database()
            .await
            .query_one("select md5(string_agg(e::text, '')) from career_explorations e where user_id = $1", &[&ada.id])
            .await
            .unwrap()
            .get::<_, String>(0)
    };
    let (before, row) = (codes(&get(&ada, "?limit=4").await.json()), stored().await);
    let path = format!("/aube/career/set-aside/{}", before[1]);
    for _ in 0..2 {
        assert_eq!(app.put(&path).by(&ada).send().await.status, 204);
    }
    let after = get(&ada, "?limit=3").await.json();
    assert_eq!(codes(&after), [before[0].clone(), before[2].clone(), before[3].clone()]);
    assert_eq!((&after["total"], stored().await), (&Value::from(397), row), "no result has changed");
    let aside = app.get("/aube/career/set-aside").by(&ada).send().await.json();
    assert_eq!((&aside["items"][0]["onet_soc"], aside["items"].as_array().unwrap().len()), (&Value::from(before[1].as_str()), 1));
    assert!(!aside["items"][0]["title"].as_str().unwrap().is_empty());
    assert_eq!((app.delete(&path).by(&ada).send().await.status, app.delete(&path).by(&ada).send().await.status), (204, 404));
    assert_eq!(codes(&get(&ada, "?limit=4").await.json()), before);
    assert_eq!(app.put("/aube/career/set-aside/99-9999.99").by(&ada).send().await.status, 404);
    assert_eq!(app.put("/aube/career/set-aside/a%20b").by(&ada).send().await.status, 422);
}

#[tokio::test]
async fn a_cursor_goes_on_after_an_occupation_that_was_set_aside_meanwhile() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |at| 1 + (at * 3 % 5) as u8).await;
    let all = codes(&get(&ada, "?limit=4").await.json());
    let page = get(&ada, "?limit=2").await.json();
    assert_eq!(app.put(&format!("/aube/career/set-aside/{}", all[1])).by(&ada).send().await.status, 204);
    let next = get(&ada, &format!("?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).await.json();
    assert_eq!(codes(&next), all[2..]);
}

#[tokio::test]
async fn answers_that_claim_no_order_give_six_examples() {
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |_| 3).await;
    let page = get(&ada, "").await.json();
    assert_eq!((codes(&page).len(), &page["ranking"]["claimed"]), (6, &Value::from(false)));
}

#[tokio::test]
async fn a_result_of_a_version_that_is_gone_says_so() {
    let ada = Person::new().await;
    diagnostic(&ada, "2026-06-10T10:00:00Z", |_| 4).await;
    testing::database()
        .await
        .execute("update career_explorations set analysis_version = 'old' where user_id = $1", &[&ada.id])
        .await
        .unwrap();
    let answer = get(&ada, "").await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "analysis_retired"));
}
