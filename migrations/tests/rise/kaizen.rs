use serde_json::{Value, json};

use crate::database::{Database, NOON};

const ADD: &str = "insert into kaizen (action, completed) values ('x', $1) returning to_jsonb(kaizen)";

#[tokio::test]
async fn the_date_is_the_day_where_the_person_lives_and_never_goes_back() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let evening = "2026-11-21T23:30:00Z";
    let date = |entry: Value| entry["date"].clone();
    assert_eq!(date(database.call(&person, evening, ADD, &[&false]).await), "2026-11-22");

    let move_away = "update users set time_zone = 'America/New_York' returning to_jsonb(1)";
    database.call(&person, evening, move_away, &[]).await;
    let today = "select to_jsonb(array[edge.today(), edge.today(edge.uid())])";
    for (now, day) in [
        (evening, "2026-11-22"),
        // Eleven at night in New York, then midnight.
        ("2026-11-23T04:00:00Z", "2026-11-22"),
        ("2026-11-23T05:00:00Z", "2026-11-23"),
    ] {
        assert_eq!(date(database.call(&person, now, ADD, &[&false]).await), day);
        assert_eq!(database.call(&person, now, today, &[]).await, json!([day, day]));
    }
}

#[tokio::test]
async fn the_time_of_completion_is_kept_until_it_is_undone() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let at = |entry: &Value| entry["completed_at"].clone();
    let added = database.call(&person, NOON, ADD, &[&true]).await;
    assert_eq!(at(&added), "2026-11-21T12:00:00+00:00");

    let later = "2026-11-21T13:00:00Z";
    let set = "update kaizen set completed = $1 returning to_jsonb(kaizen)";
    let again = database.call(&person, later, set, &[&true]).await;
    assert_eq!((at(&again), &again["version"]), (at(&added), &json!(2)));
    assert_eq!(at(&database.call(&person, later, set, &[&false]).await), json!(null));
    assert_eq!(at(&database.call(&person, later, set, &[&true]).await), "2026-11-21T13:00:00+00:00");
}

#[tokio::test]
async fn a_change_that_says_when_it_was_made_keeps_that_time_and_counts_as_any_other() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    database.call(&person, NOON, ADD, &[&true]).await;
    let owner = database.owner().await;
    let set = async |sql: &str| {
        let sql = format!("update kaizen set {sql} returning updated_at = edge.now(), updated_at::text, version");
        let row = owner.query_one(&sql, &[]).await.unwrap();
        (row.get::<_, bool>(0), row.get::<_, String>(1), row.get::<_, i32>(2))
    };
    owner.batch_execute("set timezone to 'UTC'").await.unwrap();
    let (is_now, time, version) = set("action = 'y', updated_at = '2026-11-20T08:00:00Z'").await;
    assert_eq!((is_now, time.as_str(), version), (false, "2026-11-20 08:00:00+00", 2));
    assert_eq!((set("action = 'z'").await.0, set("action = 'zz'").await.2), (true, 4));
}

#[tokio::test]
async fn a_client_id_is_taken_once_per_person() {
    let database = Database::migrated().await;
    let people = [database.person("a@example.org").await, database.person("b@example.org").await];
    let add = "insert into kaizen (action, client_id) values ('x', '6e8bc430-9c3a-11d9-9669-0800200c9a66')
        returning to_jsonb(1)";
    for person in &people {
        database.call(person, NOON, add, &[]).await;
        assert_eq!(database.refusal(person, add, &[]).await, "23505");
    }
}

#[tokio::test]
async fn the_streak_of_ten_years_is_read_once_and_from_the_index_alone() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let owner = database.owner().await;
    let stranger = database.person("b@example.org").await;
    let fill = "insert into kaizen (user_id, action, date, completed)
        select $1, 'x', date '2026-11-21' - day, true from generate_series(0, 3652) as day";
    for who in [&person, &stranger] {
        owner.execute(fill, &[&who.id()]).await.unwrap();
    }
    owner.batch_execute("vacuum analyze kaizen").await.unwrap();

    let mut client = database.login("oree_person").await;
    let request = crate::database::enter(&mut client, &person, NOON).await.unwrap();
    let explain = "explain (analyze, costs off, timing off, summary off, format json)
        select s.current from (select edge.uid() as id, edge.today() as day offset 0) as me, edge.streak(me.id, me.day) as s";
    let plan: Value = request.query_one(explain, &[]).await.unwrap().get(0);
    let mut scans = Vec::new();
    scans_of_kaizen(&plan[0]["Plan"], &mut scans);
    let [scan] = scans.as_slice() else { panic!("the entries are read once: {plan:#}") };
    let how = (&scan["Node Type"], &scan["Index Name"], &scan["Heap Fetches"]);
    assert_eq!(how, (&json!("Index Only Scan"), &json!("idx_kaizen_user_date"), &json!(0)));
}

fn scans_of_kaizen(node: &Value, scans: &mut Vec<Value>) {
    if node["Relation Name"] == "kaizen" {
        scans.push(node.clone());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        scans_of_kaizen(child, scans);
    }
}
