use serde_json::{Value, json};
use testing::{App, Person};

async fn run(now: &str) -> Value {
    let answer = App::edge().at(now).cron("wellness-upkeep").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn unheard_sessions_expire_old_activities_become_totals_and_weeks_follow_late_data() {
    let ada = Person::new().await;
    // Long ago, where no other test's rows are due.
    let owner = testing::database_at("2003-06-10T08:00:00Z").await;
    let begun = "insert into meditation_sessions (user_id, technique, duration, started_at, date, last_beat_at, state, paused_at, paused_seconds)
        values ($1, 'mantra', 600, '2003-06-10T08:00:00Z', '2003-06-10', '2003-06-10T08:10:00Z', $2, $3::text::timestamptz, 60)";
    owner.execute(begun, &[&ada.id, &"started", &None::<&str>]).await.unwrap();
    owner.execute(begun, &[&ada.id, &"paused", &Some("2003-06-10T08:08:00Z")]).await.unwrap();
    owner.execute("insert into dome_rooms (user_id, created_at) values ($1, '2003-06-10T08:30:00Z')", &[&ada.id]).await.unwrap();
    let logged = "insert into user_activities (user_id, activity_type, module_name, duration_seconds, occurred_at, date, month)
        select $1, 'x', 'm', 60, d, d::date, extract(month from d::date)
        from unnest('{2003-03-01T09:00:00Z,2003-03-01T10:00:00Z,2003-06-01T10:00:00Z}'::timestamptz[]) as d";
    owner.execute(logged, &[&ada.id]).await.unwrap();
    run("2003-06-11T09:00:00Z").await;
    run("2003-06-11T10:00:00Z").await;
    let sessions = owner.query("select state, duration_seconds, to_jsonb(ended_at) #>> '{}' from meditation_sessions where user_id = $1 order by duration_seconds", &[&ada.id]).await.unwrap();
    let told: Vec<(String, i32, String)> = sessions.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let end = "2003-06-11T08:10:00+00:00".to_owned();
    assert_eq!(
        told,
        [("expired".to_owned(), 420, end.clone()), ("expired".to_owned(), 540, end)],
        "until the last beat, without pauses"
    );
    let rooms =
        owner.query_one("select state, closed_at is not null from dome_rooms where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!((rooms.get::<_, &str>(0), rooms.get::<_, bool>(1)), ("closed", true));
    let days: Value = owner
        .query_one(
            "select jsonb_agg(jsonb_build_array(date, activities, timed, duration_seconds)) from user_activity_days where user_id = $1",
            &[&ada.id],
        )
        .await
        .unwrap()
        .get(0);
    assert_eq!(days, json!([["2003-03-01", 2, 2, 120]]));
    let left: i64 = owner.query_one("select count(*) from user_activities where user_id = $1", &[&ada.id]).await.unwrap().get(0);
    assert_eq!(left, 1);

    let done = "insert into meditation_sessions (user_id, technique, duration, started_at, date, state, ended_at, duration_seconds, mood_after, updated_at)
        values ($1, 'mantra', 600, $2::text::timestamptz, ($2::text)::date, 'completed', $2::text::timestamptz, 600, $3::int::smallint, edge.now())";
    owner.execute(done, &[&ada.id, &"2003-06-09T08:00:00Z", &80]).await.unwrap();
    run("2003-06-11T11:00:00Z").await;
    let weeks = async || -> Value {
        owner.query_one("select jsonb_agg(jsonb_build_array(week_start, mood_score, n_mood, n_sessions, revision) order by week_start) from breath_weekly_metrics where user_id = $1", &[&ada.id]).await.unwrap().get(0)
    };
    assert_eq!(weeks().await, json!([["2003-06-09", 0.6, 1, 1, 1]]));
    run("2003-06-11T12:00:00Z").await;
    assert_eq!(weeks().await, json!([["2003-06-09", 0.6, 1, 1, 1]]), "nothing new is no new revision");
    owner.execute(done, &[&ada.id, &"2003-06-12T08:00:00Z", &60]).await.unwrap();
    run("2003-06-12T12:00:00Z").await;
    assert_eq!(weeks().await, json!([["2003-06-09", 0.4, 2, 2, 2]]), "late data make a new revision");
}

#[tokio::test]
async fn what_is_deleted_of_one_person_is_nobody_elses_in_another_partition() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let owner = testing::database_at("2003-06-10T08:00:00Z").await;
    let logged = "insert into user_activities (user_id, activity_type, module_name, occurred_at, date, month)
        select $1, 'x', 'm', d, d::date, extract(month from d::date) from unnest($2::text[]::timestamptz[]) as d";
    // First rows of two partitions that no other test uses, so that their ctids are alike.
    owner.execute(logged, &[&ada.id, &vec!["2003-07-01T09:00:00Z", "2003-07-02T09:00:00Z"]]).await.unwrap();
    owner.execute(logged, &[&bob.id, &vec!["2003-08-01T09:00:00Z", "2003-08-02T09:00:00Z"]]).await.unwrap();
    let statement = "select statement from edge.owned_rows() where relation like '%user_activities'";
    let statement: String = owner.query_one(statement, &[]).await.unwrap().get(0);
    assert!(!statement.contains("ctid"), "{statement}");
    let gone = owner.execute(&statement, &[&ada.id]).await.unwrap();
    let left: i64 = owner.query_one("select count(*) from user_activities where user_id = $1", &[&bob.id]).await.unwrap().get(0);
    assert_eq!((gone, left), (2, 2));
}
