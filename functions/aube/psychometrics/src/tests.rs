use aube::questions::{ITEMS, OF_DIMENSION, VERSION};
use edge::auth::{Keys, random_uuid};
use serde_json::{Value, json};
use testing::{App, database, variable};

use super::{FUNCTION, items};

const NIGHT: &str = "2026-06-10T02:00:00Z";

/// People with these answers, each of whom agrees where `agrees`.
async fn people(question_set: &str, lang: &str, answers: &[String], agrees: bool) {
    let insert = "
        with given as (select * from unnest($1::text[]) with ordinality as g (answers, n)),
        person as (
          insert into users (email, password_hash, role, time_zone)
          select $2 || n || '@example.org', '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny', 'user', 'Europe/Paris' from given
          returning id, email),
        agreed as (
          insert into consents (user_id, purpose, version, granted) select id, 'aube-research', 1, $5 from person)
        insert into career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
        select p.id, $3, 'aube-2026.11', $4, g.answers, 'XXXX', 0
        from person p join given g on p.email = $2 || g.n || '@example.org'";
    let tag = random_uuid().unwrap().simple().to_string();
    database().await.execute(insert, &[&answers, &tag, &question_set, &lang, &agrees]).await.unwrap();
}

/// Answers of somebody who stands at `level` (0 to 4) on every scale, with noise of their own.
fn noisy(count: usize) -> Vec<String> {
    let mut state = 7_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((state >> 33) % below).unwrap()
    };
    (0..count)
        .map(|_| {
            let level = next(5) - 2;
            ITEMS
                .iter()
                .map(|item| {
                    let coded = (level + next(3) - 1).clamp(-2, 2);
                    char::from(u8::try_from(i64::from(b'3') + i64::from(item.key()) * coded).unwrap())
                })
                .collect()
        })
        .collect()
}

/// Cronbach's alpha of a scale, as its definition has it.
fn alpha(answers: &[String], scale: &str) -> f64 {
    let variance = |values: &[f64]| {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    };
    let places: Vec<usize> = (0..ITEMS.len()).filter(|at| ITEMS[*at].category() == scale).collect();
    let coded = |answer: &String, at: usize| f64::from(ITEMS[at].key()) * (f64::from(answer.as_bytes()[at] - b'0') - 3.0) / 2.0;
    let of_items: f64 =
        places.iter().map(|at| variance(&answers.iter().map(|answer| coded(answer, *at)).collect::<Vec<_>>())).sum();
    let sums: Vec<f64> = answers.iter().map(|answer| places.iter().map(|at| coded(answer, *at)).sum()).collect();
    let k = places.len() as f64;
    k / (k - 1.0) * (1.0 - of_items / variance(&sums))
}

async fn kept(question_set: &str, scale: &str) -> Option<(i32, f64, Value)> {
    let select = "select people, alpha::float8, items from career_psychometrics where question_set_version = $1 and scale = $2";
    database().await.query_opt(select, &[&question_set, &scale]).await.unwrap().map(|row| (row.get(0), row.get(1), row.get(2)))
}

async fn measure(question_set: &str) -> (i64, i64) {
    let call = "select measured, forgotten from edge.measure_scales($1, $2)";
    let row = database().await.query_one(call, &[&json!(items()), &question_set]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn a_scale_is_measured_as_cronbach_defined_it_over_those_who_agree() {
    let set = format!("test-{}", random_uuid().unwrap());
    let answers = noisy(127);
    people(&set, "en", &answers, true).await;
    // Neither who says no nor who has left half of the scale out counts.
    people(&set, "en", &noisy(30).iter().map(|one| one.replace('1', "5")).collect::<Vec<_>>(), false).await;
    people(&set, "en", &vec![["0".repeat(40), "4".repeat(10)].concat(); 20], true).await;
    assert_eq!(measure(&set).await.1, 0);
    for scale in ["EI", "NS", "TF", "JP"] {
        let (people, kept, items) = kept(&set, scale).await.unwrap();
        assert_eq!((people, items.as_array().unwrap().len()), (120, OF_DIMENSION));
        assert!((kept - alpha(&answers, scale)).abs() <= 0.0051, "{scale}: {kept} {}", alpha(&answers, scale));
        assert!(kept > 0.8 && items.as_array().unwrap().iter().all(|item| item["r"].as_f64().unwrap() > 0.5), "{items}");
    }
}

#[tokio::test]
async fn a_group_that_is_too_small_is_not_measured_and_one_that_has_become_so_is_forgotten() {
    let set = format!("test-{}", random_uuid().unwrap());
    people(&set, "fr", &noisy(99), true).await;
    assert_eq!(measure(&set).await, (0, 0));
    people(&set, "fr", &noisy(1), true).await;
    assert_eq!(measure(&set).await, (10, 0));
    let no = "insert into consents (user_id, purpose, version, granted)
        select user_id, 'aube-research', 1, false from career_explorations where question_set_version = $1 limit 1";
    database().await.execute(no, &[&set]).await.unwrap();
    assert_eq!(measure(&set).await, (0, 10));
    assert!(kept(&set, "EI").await.is_none());
}

#[tokio::test]
async fn everybody_alike_gives_no_alpha_and_no_fault() {
    let set = format!("test-{}", random_uuid().unwrap());
    people(&set, "fr", &vec!["4".repeat(50); 100], true).await;
    assert_eq!(measure(&set).await, (10, 0));
    let alpha: Option<f64> = database()
        .await
        .query_one("select alpha::float8 from career_psychometrics where question_set_version = $1 and scale = 'R'", &[&set])
        .await
        .unwrap()
        .get(0);
    assert_eq!(alpha, None);
}

#[tokio::test]
async fn the_nightly_run_measures_the_current_questions() {
    people(VERSION, "fr", &noisy(110), true).await;
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("aube-psychometrics", NIGHT.parse().unwrap());
    let answer = App::native(&FUNCTION).at(NIGHT).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json()["measured"].as_i64().unwrap() >= 10, "{answer:?}");
    assert!(kept(VERSION, "JP").await.is_some());
}
