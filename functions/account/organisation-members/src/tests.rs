use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

/// An organisation with a manager and members.
async fn organisation(members: usize) -> (String, Vec<Person>) {
    let mut people = vec![Person::new().await];
    let owner = database().await;
    let insert = "insert into organisations (name, created_by) values ('Atelier', $1) returning id::text";
    let id: String = owner.query_one(insert, &[&people[0].id]).await.unwrap().get(0);
    join(&id, &people[0], "manager").await;
    for _ in 0..members {
        let person = Person::new().await;
        join(&id, &person, "member").await;
        people.push(person);
    }
    (id, people)
}

async fn join(organisation: &str, person: &Person, role: &str) {
    let insert = "insert into organisation_members (organisation_id, user_id, role) values ($1::text::uuid, $2, $3)";
    database().await.execute(insert, &[&organisation, &person.id, &role]).await.unwrap();
}

fn of(organisation: &str, person: &Person) -> String {
    format!("/organisation-members/{organisation}/{}", person.id)
}

async fn remove(organisation: &str, by: &Person, whom: &Person) -> Answer {
    App::native(&FUNCTION).delete(&of(organisation, whom)).by(by).send().await
}

async fn change(organisation: &str, by: &Person, whom: &Person, role: &str) -> Answer {
    App::native(&FUNCTION).put(&of(organisation, whom)).by(by).json(json!({"role": role})).send().await
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[tokio::test]
async fn managers_list_the_members_page_by_page() {
    let (id, people) = organisation(2).await;
    let path = format!("/organisation-members/{id}?limit=2");
    let get = async |path: &str| App::native(&FUNCTION).get(path).by(&people[0]).send().await.json();
    let first = get(&path).await;
    let rest = get(&format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let seen: Vec<&Value> = [&first, &rest].iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    assert_eq!((seen.len(), &rest["next_cursor"]), (3, &Value::Null));
    assert_eq!((&seen[0]["user_id"], &seen[0]["role"]), (&json!(people[0].id), &json!("manager")));
    assert_eq!(seen[0].as_object().unwrap().keys().count(), 5, "and nothing else of them");
}

#[tokio::test]
async fn members_and_strangers_neither_list_nor_change_anybody() {
    let (id, people) = organisation(1).await;
    let (eve, (_, others)) = (Person::new().await, organisation(0).await);
    let list = format!("/organisation-members/{id}");
    for (by, status) in [(&people[1], 403), (&eve, 404), (&others[0], 404)] {
        assert_eq!(App::native(&FUNCTION).get(&list).by(by).send().await.status, status);
        assert_eq!(change(&id, by, &people[0], "member").await.status, status);
        assert_eq!(remove(&id, by, &people[0]).await.status, status);
    }
    assert_eq!(remove(&id, &people[0], &eve).await.status, 404);
    assert_eq!(change(&id, &people[0], &eve, "manager").await.status, 404);
}

#[tokio::test]
async fn a_member_leaves_and_is_gone() {
    let (id, people) = organisation(1).await;
    assert_eq!(remove(&id, &people[1], &people[1]).await.status, 204);
    assert_eq!(remove(&id, &people[1], &people[1]).await.status, 404);
}

#[tokio::test]
async fn the_last_manager_stays_while_others_remain() {
    let (id, people) = organisation(1).await;
    assert_eq!(refusal(&remove(&id, &people[0], &people[0]).await), (409, "last_manager".to_owned()));
    assert_eq!(refusal(&change(&id, &people[0], &people[0], "member").await), (409, "last_manager".to_owned()));
    let promoted = change(&id, &people[0], &people[1], "manager").await;
    assert_eq!((promoted.status, promoted.json()["role"].as_str()), (200, Some("manager")));
    assert_eq!(remove(&id, &people[0], &people[0]).await.status, 204);
    assert_eq!(remove(&id, &people[1], &people[1]).await.status, 204, "nobody remains");
    let left = database().await.query_one("select count(*) from organisations where id::text = $1", &[&id]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn of_two_managers_who_leave_at_once_one_stays() {
    let (id, people) = organisation(2).await;
    change(&id, &people[0], &people[1], "manager").await;
    let (one, other) = tokio::join!(remove(&id, &people[0], &people[0]), remove(&id, &people[1], &people[1]));
    let mut both = [one.status, other.status];
    both.sort_unstable();
    assert_eq!(both, [204, 409]);
}

#[tokio::test]
async fn a_manager_takes_a_member_out_and_the_log_says_so() {
    let (id, people) = organisation(1).await;
    assert_eq!(remove(&id, &people[0], &people[1]).await.status, 204);
    let logged = "select count(*) from audit_logs
                  where user_id = $1 and action = 'organisations.member_removed' and metadata ->> 'subject' = $2";
    let row = database().await.query_one(logged, &[&people[0].id, &people[1].id.to_string()]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn nobody_is_a_member_of_two_organisations() {
    let ((one, people), (other, others)) = (organisation(1).await, organisation(0).await);
    join(&other, &people[1], "manager").await;
    let answer = change(&other, &others[0], &people[1], "member").await;
    assert_eq!(refusal(&answer), (409, "in_another_organisation".to_owned()));
    assert_eq!(remove(&one, &people[1], &people[1]).await.status, 204);
    assert_eq!(change(&other, &others[0], &people[1], "member").await.status, 200);
}

#[tokio::test]
async fn an_administrator_gives_an_organisation_a_new_manager() {
    let (id, people) = organisation(1).await;
    let admin = Person::admin().await;
    database().await.execute("update users set is_banned = true where id = $1", &[&people[0].id]).await.unwrap();
    assert_eq!(change(&id, &admin, &people[1], "manager").await.status, 200);
    let logged = "select count(*) from audit_logs where user_id = $1 and metadata ->> 'subject' = $2";
    let row = database().await.query_one(logged, &[&admin.id, &people[1].id.to_string()]).await.unwrap();
    assert!(row.get::<_, i64>(0) > 0);
}

#[tokio::test]
async fn a_manager_who_cannot_sign_in_does_not_count() {
    for state in ["deleted_at = '2026-06-01'", "is_banned = true", "is_active = false"] {
        let (id, people) = organisation(2).await;
        assert_eq!(change(&id, &people[0], &people[1], "manager").await.status, 200);
        database().await.execute(&format!("update users set {state} where id = $1"), &[&people[1].id]).await.unwrap();
        assert_eq!(refusal(&remove(&id, &people[0], &people[0]).await), (409, "last_manager".to_owned()), "{state}");
        assert_eq!(refusal(&change(&id, &people[0], &people[0], "member").await), (409, "last_manager".to_owned()), "{state}");
        assert_eq!(remove(&id, &people[0], &people[1]).await.status, 204, "{state}");
    }
}

#[tokio::test]
async fn an_erased_member_is_listed_without_name_and_address() {
    let (id, people) = organisation(1).await;
    let erase = "update users set name = 'Ada Erased', deleted_at = '2026-06-01' where id = $1";
    database().await.execute(erase, &[&people[1].id]).await.unwrap();
    let listed = App::native(&FUNCTION).get(&format!("/organisation-members/{id}")).by(&people[0]).send().await.json();
    let erased = &listed["items"][1];
    assert_eq!((&erased["user_id"], &erased["name"], &erased["email"]), (&json!(people[1].id), &Value::Null, &Value::Null));
    assert_eq!(listed["items"][0]["email"], json!(people[0].email));
    assert_eq!(refusal(&change(&id, &people[0], &people[1], "manager").await), (404, "not_found".to_owned()));
    assert_eq!(remove(&id, &people[0], &people[1]).await.status, 204);
}

#[tokio::test]
async fn the_last_who_can_sign_in_leaves_and_the_organisation_is_gone() {
    let (id, people) = organisation(1).await;
    database().await.execute("update users set deleted_at = '2026-06-01' where id = $1", &[&people[1].id]).await.unwrap();
    assert_eq!(remove(&id, &people[0], &people[0]).await.status, 204);
    let left = database().await.query_one("select count(*) from organisations where id::text = $1", &[&id]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn who_manages_as_much_as_the_tier_allows_is_not_made_a_manager() {
    let ((id, people), (other, others)) = (organisation(0).await, organisation(0).await);
    let ada = Person::new().await;
    join(&id, &ada, "member").await;
    join(&other, &ada, "manager").await;
    let answer = change(&id, &people[0], &ada, "manager").await;
    assert_eq!(refusal(&answer), (402, "subscription_required".to_owned()));
    assert_eq!(change(&other, &others[0], &ada, "manager").await.status, 200, "who manages it already");
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(change(&id, &people[0], &ada, "manager").await.status, 200, "by their own tier");
}
