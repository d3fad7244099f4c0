use serde_json::json;
use testing::{Answer, App, Letter, Person, database, letters_to};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";

async fn organisation() -> (String, Person) {
    let manager = Person::new().await;
    (organisation_of(&manager).await, manager)
}

async fn organisation_of(manager: &Person) -> String {
    let owner = database().await;
    let insert = "with o as (insert into organisations (name, created_by) values ('Atelier Nord', $1) returning id)
                  insert into organisation_members (organisation_id, user_id, role)
                  select id, $1, 'manager' from o returning organisation_id::text";
    owner.query_one(insert, &[&manager.id]).await.unwrap().get(0)
}

/// An organisation without members is gone.
async fn leave_all(person: &Person) {
    database().await.execute("delete from organisation_members where user_id = $1", &[&person.id]).await.unwrap();
}

async fn invite_as(role: &str, organisation: &str, by: &Person, email: &str) -> Answer {
    let body = json!({"organisation_id": organisation, "email": email, "role": role});
    App::native(&FUNCTION).at(NOON).post("/organisation-invitations").by(by).json(body).send().await
}

async fn invite_at(now: &str, organisation: &str, by: &Person, email: &str) -> Answer {
    let body = json!({"organisation_id": organisation, "email": email});
    App::native(&FUNCTION).at(now).post("/organisation-invitations").by(by).json(body).send().await
}

async fn invite(organisation: &str, by: &Person, email: &str) -> Answer {
    invite_at(NOON, organisation, by, email).await
}

async fn accept_at(now: &str, by: &Person, token: &str) -> Answer {
    App::native(&FUNCTION).at(now).post("/organisation-invitations/accept").by(by).json(json!({"token": token})).send().await
}

async fn accept(by: &Person, token: &str) -> Answer {
    accept_at(NOON, by, token).await
}

async fn last_letter(email: &str) -> Letter {
    letters_to(email).await.pop().unwrap()
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[tokio::test]
async fn the_letter_brings_its_reader_into_the_organisation_once() {
    let ((id, manager), ada) = (organisation().await, Person::new().await);
    database().await.execute("update users set locale = 'en', email_verified_at = null where id = $1", &[&ada.id]).await.unwrap();
    let answer = invite(&id, &manager, &ada.email.to_uppercase()).await;
    assert_eq!((answer.status, answer.json()["state"].as_str()), (201, Some("open")), "{answer:?}");
    let letter = last_letter(&ada.email).await;
    assert_eq!(letter.subject, "An organisation invites you");
    assert!(letter.text.contains("The organisation \"Atelier Nord\" invites you"), "{letter:?}");
    assert!(letter.text.contains("http://localhost:3000/join-organisation#token="), "{letter:?}");
    assert!(!answer.log.concat().contains(&letter.token()) && !answer.log.concat().contains(&ada.email));

    let joined = accept(&ada, &letter.token()).await;
    assert_eq!((joined.status, joined.json()["role"].as_str()), (200, Some("member")), "{joined:?}");
    assert_eq!(accept(&ada, &letter.token()).await.status, 200, "repeated");
    let select = "select email_verified_at is not null from users where id = $1";
    assert!(database().await.query_one(select, &[&ada.id]).await.unwrap().get::<_, bool>(0), "the token proves the address");
    let again = invite(&id, &manager, &ada.email).await;
    assert_eq!(refusal(&again), (409, "already_member".to_owned()));

    database().await.execute("delete from organisation_members where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(refusal(&accept(&ada, &letter.token()).await), (410, "link_invalid".to_owned()));
}

#[tokio::test]
async fn a_link_is_for_one_address_and_a_week() {
    let ((id, manager), ada, eve) = (organisation().await, Person::new().await, Person::new().await);
    invite(&id, &manager, &ada.email).await;
    let token = last_letter(&ada.email).await.token();
    assert_eq!(refusal(&accept(&eve, &token).await), (403, "invited_elsewhere".to_owned()));
    assert_eq!(refusal(&accept_at("2026-06-08T12:00:00Z", &ada, &token).await), (410, "link_invalid".to_owned()));
    assert_eq!(refusal(&accept(&ada, "never made").await), (410, "link_invalid".to_owned()));
    let count = "select count(*) from organisation_invitations where position($1 in organisation_invitations::text) > 0";
    assert_eq!(database().await.query_one(count, &[&token]).await.unwrap().get::<_, i64>(0), 0, "only its hash");
}

#[tokio::test]
async fn writing_again_replaces_the_link_three_letters_a_day() {
    let ((id, manager), (other, rival), ada) = (organisation().await, organisation().await, Person::new().await);
    assert_eq!(invite(&id, &manager, &ada.email).await.status, 201);
    let first = last_letter(&ada.email).await.token();
    assert_eq!(invite(&id, &manager, &ada.email).await.status, 200);
    assert_eq!(refusal(&accept(&ada, &first).await), (410, "link_invalid".to_owned()));
    assert_eq!(invite(&other, &rival, &ada.email).await.status, 201);
    for (organisation, by) in [(&id, &manager), (&other, &rival)] {
        let answer = invite(organisation, by, &ada.email).await;
        assert_eq!(refusal(&answer), (429, "enough_invitations".to_owned()), "whoever invites");
    }
    assert_eq!(letters_to(&ada.email).await.len(), 3);
    assert_eq!(invite_at("2026-06-02T13:00:00Z", &id, &manager, &ada.email).await.status, 200);
    let token = last_letter(&ada.email).await.token();
    assert_eq!(accept_at("2026-06-02T13:00:00Z", &ada, &token).await.status, 200);
}

#[tokio::test]
async fn only_managers_invite_list_and_take_back() {
    let ((id, manager), ada, eve) = (organisation().await, Person::new().await, Person::new().await);
    invite(&id, &manager, &ada.email).await;
    let token = last_letter(&ada.email).await.token();
    accept(&ada, &token).await;
    let invited = invite(&id, &manager, &eve.email).await.json();
    let path = format!("/organisation-invitations/{}", invited["id"].as_str().unwrap());
    for (by, status) in [(&ada, 403), (&eve, 404)] {
        assert_eq!(invite(&id, by, "bob@example.org").await.status, status);
        let list = format!("/organisation-invitations?organisation_id={id}");
        assert_eq!(App::native(&FUNCTION).at(NOON).get(&list).by(by).send().await.status, status);
        assert_eq!(App::native(&FUNCTION).at(NOON).delete(&path).by(by).send().await.status, status);
    }
    for _ in 0..2 {
        assert_eq!(App::native(&FUNCTION).at(NOON).delete(&path).by(&manager).send().await.status, 204);
    }
    let token = last_letter(&eve.email).await.token();
    assert_eq!(refusal(&accept(&eve, &token).await), (410, "link_invalid".to_owned()));
    let list = format!("/organisation-invitations?organisation_id={id}&limit=1");
    let page = App::native(&FUNCTION).at(NOON).get(&list).by(&manager).send().await.json();
    let next = format!("{list}&cursor={}", page["next_cursor"].as_str().unwrap());
    let rest = App::native(&FUNCTION).at(NOON).get(&next).by(&manager).send().await.json();
    let mut states = [page["items"][0]["state"].as_str().unwrap(), rest["items"][0]["state"].as_str().unwrap()];
    states.sort_unstable();
    assert_eq!(states, ["accepted", "revoked"]);
}

#[tokio::test]
async fn an_accepted_invitation_is_not_taken_back() {
    let ((id, manager), ada) = (organisation().await, Person::new().await);
    let invited = invite(&id, &manager, &ada.email).await.json();
    accept(&ada, &last_letter(&ada.email).await.token()).await;
    let path = format!("/organisation-invitations/{}", invited["id"].as_str().unwrap());
    let answer = App::native(&FUNCTION).at(NOON).delete(&path).by(&manager).send().await;
    assert_eq!(refusal(&answer), (409, "invitation_accepted".to_owned()));
}

#[tokio::test]
async fn a_member_of_another_organisation_leaves_it_first() {
    let ((one, first), (other, second), ada) = (organisation().await, organisation().await, Person::new().await);
    invite(&one, &first, &ada.email).await;
    assert_eq!(accept(&ada, &last_letter(&ada.email).await.token()).await.status, 200);
    invite(&other, &second, &ada.email).await;
    let token = last_letter(&ada.email).await.token();
    assert_eq!(refusal(&accept(&ada, &token).await), (409, "in_another_organisation".to_owned()));
    database().await.execute("delete from organisation_members where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(accept(&ada, &token).await.status, 200);
}

#[tokio::test]
async fn accepting_twice_at_once_joins_once() {
    let ((id, manager), ada) = (organisation().await, Person::new().await);
    invite(&id, &manager, &ada.email).await;
    let token = last_letter(&ada.email).await.token();
    let both = tokio::join!(accept(&ada, &token), accept(&ada, &token));
    assert_eq!((both.0.status, both.1.status), (200, 200));
}

#[tokio::test]
async fn more_members_than_the_tier_allows_take_a_subscription() {
    let (id, manager) = organisation().await;
    for _ in 0..9 {
        let person = Person::new().await;
        let insert = "insert into organisation_members (organisation_id, user_id, role) values ($1::text::uuid, $2, 'member')";
        database().await.execute(insert, &[&id, &person.id]).await.unwrap();
    }
    let ada = Person::new().await;
    let refused = invite(&id, &manager, &ada.email).await;
    assert_eq!(refusal(&refused), (402, "subscription_required".to_owned()), "{refused:?}");
    assert!(letters_to(&ada.email).await.is_empty());
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&manager.id]).await.unwrap();
    assert_eq!(invite(&id, &manager, &ada.email).await.status, 201);
}

#[tokio::test]
async fn letters_count_when_their_organisation_is_gone() {
    let (manager, ada) = (Person::new().await, Person::new().await);
    for status in [201, 201, 201, 429] {
        let id = organisation_of(&manager).await;
        assert_eq!(invite(&id, &manager, &ada.email).await.status, status);
        leave_all(&manager).await;
    }
    assert_eq!(letters_to(&ada.email).await.len(), 3);
    assert_eq!(refusal(&accept(&ada, &last_letter(&ada.email).await.token()).await), (410, "link_invalid".to_owned()));

    let (bob, eve) = (Person::new().await, Person::new().await);
    invite(&organisation_of(&manager).await, &manager, &bob.email).await;
    let many = "update organisation_invitations set letters = 97 where email = $1";
    database().await.execute(many, &[&bob.email]).await.unwrap();
    leave_all(&manager).await;
    let answer = invite(&organisation_of(&manager).await, &manager, &eve.email).await;
    assert_eq!(refusal(&answer), (429, "enough_invitations".to_owned()), "a hundred by one person");
}

#[tokio::test]
async fn who_manages_as_much_as_the_tier_allows_is_not_made_a_manager_by_a_letter() {
    let ((id, manager), (_, ada)) = (organisation().await, organisation().await);
    invite_as("manager", &id, &manager, &ada.email).await;
    let token = last_letter(&ada.email).await.token();
    assert_eq!(refusal(&accept(&ada, &token).await), (402, "subscription_required".to_owned()));
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    let joined = accept(&ada, &token).await;
    assert_eq!((joined.status, joined.json()["role"].as_str()), (200, Some("manager")), "the link was not used up");
}

#[tokio::test]
async fn nobody_joins_what_nobody_manages_and_no_list_shows_who_is_erased() {
    let ((id, manager), ada, eve) = (organisation().await, Person::new().await, Person::new().await);
    for person in [&ada, &eve] {
        invite(&id, &manager, &person.email).await;
    }
    accept(&ada, &last_letter(&ada.email).await.token()).await;
    let erase = "update users set deleted_at = '2026-06-01' where id = $1";
    database().await.execute(erase, &[&ada.id]).await.unwrap();
    let list = format!("/organisation-invitations?organisation_id={id}");
    let listed = App::native(&FUNCTION).at(NOON).get(&list).by(&manager).send().await.json();
    assert!(!listed.to_string().contains(&ada.email) && listed.to_string().contains(&eve.email), "{listed}");
    database().await.execute(erase, &[&manager.id]).await.unwrap();
    assert_eq!(refusal(&accept(&eve, &last_letter(&eve.email).await.token()).await), (410, "link_invalid".to_owned()));
}
