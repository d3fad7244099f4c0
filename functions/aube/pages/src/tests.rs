use aube::questions::{Answers, ITEMS};
use aube::result::ANALYSIS_VERSION;
use aube::{Analysis, Stored};
use chart::Theme;
use edge::Language;
use serde_json::{Value, json};
use testing::{App, Person};
use uuid::Uuid;

use super::picture::{Part, draw};
use super::{FUNCTION, page};

fn answers(choose: impl Fn(usize) -> u8) -> Answers {
    let mut answers = Answers::default();
    (0..ITEMS.len()).for_each(|place| answers.put(place, choose(place)));
    answers
}

fn mixed() -> Answers {
    answers(|at| 1 + (at * 7 % 5) as u8)
}

async fn diagnostic(person: &Person) -> Uuid {
    let sql = "insert into career_explorations (user_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
        values ($1, $2, $3, 'fr', $4, 'XXXX', 0.5) returning id";
    let digits = mixed().digits();
    testing::database()
        .await
        .query_one(sql, &[&person.id, &aube::questions::VERSION, &ANALYSIS_VERSION, &digits])
        .await
        .unwrap()
        .get(0)
}

fn stored(answers: Answers) -> Stored {
    Stored {
        id: Uuid::nil(),
        user_id: Uuid::nil(),
        created_at: "2026-06-10T10:00:00Z".parse().unwrap(),
        lang: Language::Fr,
        analysis: Analysis::of(answers),
    }
}

#[tokio::test]
async fn each_part_is_a_picture_for_its_owner_light_dark_and_in_both_languages() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let id = diagnostic(&ada).await;
    for part in ["profile", "interests", "exposure"] {
        let path = format!("/aube/pages/{id}.svg?part={part}");
        let [fr, en] = ["fr", "en"].map(|language| app.get(&path).by(&ada).header("accept-language", language).send());
        let (fr, en) = (fr.await, en.await);
        assert_eq!((fr.status, fr.header("content-type")), (200, Some("image/svg+xml; charset=utf-8")), "{fr:?}");
        assert_ne!(fr.body, en.body);
        let dark = app.get(&format!("{path}&theme=dark")).by(&ada).send().await;
        assert_ne!(dark.body, fr.body);
        assert_eq!(app.get(&path).by(&eve).send().await.status, 404);
        let tag = fr.header("etag").unwrap();
        let known = app.get(&path).by(&ada).header("accept-language", "fr").header("if-none-match", tag).send().await;
        assert_eq!(known.status, 304);
    }
    testing::database()
        .await
        .execute("update career_explorations set analysis_version = 'old' where id = $1", &[&id])
        .await
        .unwrap();
    let gone = app.get(&format!("/aube/pages/{id}.svg")).by(&ada).send().await;
    assert_eq!((gone.status, gone.code().as_str()), (410, "analysis_retired"));
}

#[test]
fn a_picture_says_in_words_what_it_shows() {
    let analysis = Analysis::of(answers(|_| 3));
    let profile = draw(&analysis, Part::Profile, Some(Theme::Light), Language::Fr);
    assert_eq!(profile.matches("équilibré (0,00)").count(), 4, "ties are told: {profile}");
    assert!(profile.contains("role=\"img\"") && profile.contains("aria-labelledby=\"aube-profile-title aube-profile-desc\""));
    let interests = draw(&Analysis::of(mixed()), Part::Interests, None, Language::En);
    for name in ["Realistic", "Investigative", "Artistic", "Social", "Enterprising", "Conventional"] {
        assert!(interests.matches(name).count() >= 2, "in the picture and its description: {name}");
    }
    let exposure = draw(&analysis, Part::Exposure, None, Language::Fr);
    assert!(exposure.contains("exemples, sans classement") && exposure.matches("class=\"band\"").count() == 6);
    assert!(interests.contains("prefers-color-scheme:dark") && !profile.contains("prefers-color-scheme"));
}

#[test]
fn a_page_is_whole_names_nobody_and_brings_no_script_or_link() {
    for language in [Language::Fr, Language::En] {
        let page = page::render(&stored(mixed()), language).0;
        assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
        assert!(page.contains(&format!("<html lang=\"{}\">", language.code())) && page.matches("<svg").count() == 3);
        let purpose = if language == Language::Fr { "pas pour un recrutement" } else { "not for hiring" };
        assert!(page.contains(purpose) && page.contains("O*NET® is a trademark") && page.contains("@media print"));
        for never in ["<script", "href=", "src=", "http-equiv", "user_id", &Uuid::nil().to_string()] {
            assert!(!page.contains(never), "{never}");
        }
        for tag in ["html", "head", "body", "main", "table", "tbody", "footer", "ul", "li", "tr", "td", "th", "svg", "style"] {
            let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "{tag}");
        }
        // A table row for each of the first ten, with both scores as ranges.
        assert_eq!(page.matches("<th scope=\"row\">").count(), 10);
    }
    assert_eq!(page::render(&stored(answers(|_| 3)), Language::En).0.matches("<th scope=\"row\">").count(), 6);
}

#[tokio::test]
async fn links_are_made_listed_and_taken_back_by_the_owner_alone() {
    let app = App::native(&FUNCTION).at("2026-06-10T10:00:00Z");
    let (ada, eve) = (Person::new().await, Person::new().await);
    let path = format!("/aube/pages/{}/links", diagnostic(&ada).await);
    let made = app.post(&path).by(&ada).json(json!({"lang": "en", "days": 7})).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    let made = made.json();
    assert_eq!((&made["lang"], &made["expires_at"]), (&json!("en"), &json!("2026-06-17T10:00:00Z")));
    assert_eq!(app.get(&path).by(&ada).send().await.json()["items"], json!([made]), "the link is the same each time");
    for url in [&path, &format!("/aube/pages/{}/links", Uuid::nil())] {
        assert_eq!(app.post(url).by(&eve).send().await.status, 404);
        assert_eq!(app.get(url).by(&eve).send().await.status, 404);
    }
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(app.delete(&one).by(&eve).send().await.status, 404);
    assert_eq!((app.delete(&one).by(&ada).send().await.status, app.delete(&one).by(&ada).send().await.status), (204, 404));
    for _ in 0..20 {
        assert_eq!(app.post(&path).by(&ada).send().await.status, 201);
    }
    let full = app.post(&path).by(&ada).send().await;
    assert_eq!((full.status, full.code().as_str()), (409, "limit_reached"));
    let later = App::native(&FUNCTION).at("2026-07-10T10:00:01Z");
    assert_eq!(later.get(&path).by(&ada).send().await.json()["items"], Value::Array(Vec::new()), "they have expired");
    assert_eq!(later.post(&path).by(&ada).send().await.status, 201);
}

#[tokio::test]
async fn a_link_opens_the_page_for_whoever_has_it_until_it_is_taken_back_or_expires() {
    let app = App::native(&FUNCTION).at("2026-06-10T10:00:00Z");
    let ada = Person::new().await;
    let id = diagnostic(&ada).await;
    let path = format!("/aube/pages/{id}/links");
    let make = || app.post(&path).by(&ada).json(json!({"lang": "en"})).send();
    let made = make().await.json();
    let url = made["url"].as_str().unwrap();
    let open = url[url.find("/api/v1").unwrap() + "/api/v1".len()..].to_owned();
    let page = app.get(&open).send().await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{page:?}");
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    let text = String::from_utf8(page.body).unwrap();
    assert!(text.contains("<html lang=\"en\">") && text.contains("not for hiring"));
    for never in [ada.id.to_string(), ada.email.clone(), id.to_string(), made["id"].as_str().unwrap().to_owned()] {
        assert!(!text.contains(&never), "{never}");
    }
    let (before, proof) = open.split_once("?proof=").unwrap();
    for wrong in [
        before.to_owned(),
        format!("{before}?proof="),
        format!("{before}?proof={}x", &proof[1..]),
        format!("/aube/pages/{id}.shared?proof={proof}"),
    ] {
        let refused = app.get(&wrong).send().await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "bad_signature"), "{wrong}");
    }
    let late = App::native(&FUNCTION).at("2026-07-10T10:00:00Z");
    assert_eq!(late.get(&open).send().await.status, 404, "it has expired");
    assert_eq!(app.delete(&format!("{path}/{}", made["id"].as_str().unwrap())).by(&ada).send().await.status, 204);
    assert_eq!(app.get(&open).send().await.status, 404, "it was taken back");
    let other = make().await.json()["url"].as_str().unwrap().to_owned();
    let other = other[other.find("/api/v1").unwrap() + "/api/v1".len()..].to_owned();
    assert_eq!(app.get(&other).send().await.status, 200);
    testing::database()
        .await
        .execute("update users set deleted_at = edge.now(), is_active = false where id = $1", &[&ada.id])
        .await
        .unwrap();
    assert_eq!(app.get(&other).send().await.status, 404, "the account is closed");
}

#[tokio::test]
async fn an_owner_prints_the_page_in_their_own_language() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let path = format!("/aube/pages/{}.html", diagnostic(&ada).await);
    let page = app.get(&path).by(&ada).header("accept-language", "fr").send().await;
    assert!(page.status == 200 && String::from_utf8(page.body).unwrap().contains("<html lang=\"fr\">"));
    assert_eq!(app.get(&path).by(&eve).send().await.status, 404);
}
