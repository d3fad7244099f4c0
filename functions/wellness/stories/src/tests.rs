use std::collections::HashSet;

use serde_json::{Value, json};
use testing::{Answer, App, Person};
use uuid::Uuid;

use super::FUNCTION;
use super::template::{Asked, write};
use super::words::{STYLES, THEMES, TONES};

const NOW: &str = "2026-06-10T12:00:00Z";
const BASE: &str = "/wellness/stories";

fn app() -> App {
    App::native(&FUNCTION).at(NOW)
}

async fn session(person: &Person, paragraphs: i32) -> Uuid {
    let insert = "insert into story_sessions (user_id, started_at, date, theme, tone, pov, style, paragraphs)
        values ($1, edge.now(), '2026-06-10', 'mysterieux', 'joyeux', 'elle', 'dialogue', $2) returning id";
    testing::database_at(NOW).await.query_one(insert, &[&person.id, &paragraphs]).await.unwrap().get(0)
}

async fn tell(by: &Person, session: Uuid) -> Answer {
    app().post(BASE).by(by).json(json!({"session_id": session})).send().await
}

#[test]
fn every_story_is_whole_says_nothing_twice_and_is_another_in_each_version() {
    let mut stories = 0;
    for theme in &THEMES {
        for (tone, _) in &TONES {
            for (style, _) in &STYLES {
                for pov in ["je", "il", "elle", "nous"] {
                    for paragraphs in 3..=10 {
                        let word = |word: &str| word.to_owned();
                        let asked =
                            Asked { theme: word(theme.word), tone: word(tone), pov: word(pov), style: word(style), paragraphs };
                        let mut versions = HashSet::new();
                        for number in 1..=20 {
                            let text = write(&asked, number).unwrap();
                            assert_eq!(text.paragraphs.len(), paragraphs);
                            let whole = text.paragraphs.join("\n");
                            assert!(!whole.contains(['{', '}', '|']) && !whole.contains("  "), "{whole}");
                            assert_eq!(text.paragraphs.iter().collect::<HashSet<_>>().len(), paragraphs, "{whole}");
                            assert!(versions.insert(whole), "version {number} is another's again");
                            stories += 1;
                        }
                    }
                }
            }
        }
    }
    assert_eq!(stories, 7 * 6 * 4 * 4 * 8 * 20);
}

#[test]
fn every_sentence_is_said_from_every_view() {
    let themes = THEMES.iter().flat_map(|theme| theme.openings.iter().chain(&theme.middles).chain(&theme.endings));
    let beside = TONES.iter().chain(&STYLES).flat_map(|(_, sentences)| sentences);
    for sentence in themes.chain(beside) {
        let choices = sentence.split('{').skip(1).map(|rest| rest.split_once('}').unwrap().0.split('|').count());
        assert!(choices.into_iter().all(|views| views == 4), "{sentence}");
        assert!(sentence.ends_with(['.', '!', '»', '?']), "{sentence}");
    }
}

#[tokio::test]
async fn a_story_is_written_in_versions_and_belongs_to_its_person() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let session = session(&ada, 4).await;
    let first = tell(&ada, session).await;
    assert_eq!(first.status, 201, "{first:?}");
    let first = first.json();
    assert_eq!(
        (&first["number"], first["paragraphs"].as_array().unwrap().len(), &first["source"], &first["is_shared"]),
        (&json!(1), 4, &json!("template"), &json!(false))
    );
    let second = tell(&ada, session).await.json();
    assert_eq!(second["number"], 2);
    assert_ne!(second["paragraphs"], first["paragraphs"]);
    assert_eq!(tell(&bob, session).await.status, 404, "somebody else's session");
    let path = format!("{BASE}/{}", first["id"].as_str().unwrap());
    for (method, end) in [("GET", ""), ("DELETE", ""), ("PUT", "/link"), ("DELETE", "/link")] {
        let answer = app().call(method, &[&path, end].concat()).by(&bob).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{method} {end}");
    }
    assert_eq!(app().get(&path).by(&ada).send().await.json(), first);
    for _ in 3..=20 {
        assert_eq!(tell(&ada, session).await.status, 201);
    }
    let full = tell(&ada, session).await;
    assert_eq!((full.status, full.code().as_str()), (409, "limit_reached"));
    let page = app().get(&format!("{BASE}?session_id={session}&limit=15")).by(&ada).send().await.json();
    let next = page["next_cursor"].as_str().unwrap();
    let rest = app().get(&format!("{BASE}?session_id={session}&limit=15&cursor={next}")).by(&ada).send().await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (15, 5));
    assert_eq!(app().get(BASE).by(&bob).send().await.json()["items"], json!([]));
    assert_eq!(app().delete(&path).by(&ada).send().await.status, 204);
    assert_eq!(app().get(&path).by(&ada).send().await.status, 404);
}

#[tokio::test]
async fn a_link_shows_a_story_and_nobody_until_it_is_taken_back() {
    let ada = Person::new().await;
    let session = session(&ada, 3).await;
    let story = tell(&ada, session).await.json();
    let path = format!("{BASE}/{}/link", story["id"].as_str().unwrap());
    let share = async || -> String {
        let answer = app().put(&path).by(&ada).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let url = answer.json()["url"].as_str().unwrap().to_owned();
        url[url.find("/wellness").unwrap()..].to_owned()
    };
    let (old, url) = (share().await, share().await);
    assert_eq!(app().get(&old).send().await.status, 404, "a new link takes the place of the old one");
    let shown = app().get(&url).send().await;
    assert_eq!(shown.status, 200, "{shown:?}");
    let known: Value =
        json!({"title": story["title"], "paragraphs": story["paragraphs"], "theme": "mysterieux", "tone": "joyeux"});
    assert_eq!(shown.json(), known, "the story and nothing of its person");
    let other = url.replace("proof=", "proof=x");
    assert_eq!((app().get(&other).send().await.status, app().get(&other).send().await.code().as_str()), (401, "bad_signature"));
    assert_eq!(app().get(&format!("{BASE}/{}", story["id"].as_str().unwrap())).by(&ada).send().await.json()["is_shared"], true);
    assert_eq!(app().delete(&path).by(&ada).send().await.status, 204);
    assert_eq!(app().get(&url).send().await.status, 404);
    assert_eq!(app().delete(&path).by(&ada).send().await.status, 404);
    let url = share().await;
    let owner = testing::database().await;
    owner.execute("update users set is_banned = true where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(app().get(&url).send().await.status, 404);
}
