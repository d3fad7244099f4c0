//! How PostgreSQL finds ten years of daily entries.

use serde_json::Value;
use testing::{Person, database, database_as_person};

use super::super::STREAK;

/// Every scan of a table in a plan, at any depth.
fn scans(plan: &Value, table: &str) -> Vec<Value> {
    let below = plan["Plans"].as_array().into_iter().flatten().flat_map(|inner| scans(inner, table));
    let own = (plan["Relation Name"] == table).then(|| plan.clone());
    own.into_iter().chain(below).collect()
}

/// Ten years of days and what the statement does with them: the plan, as it was executed for the person.
async fn explain(person: &Person) -> Value {
    let login = database_as_person().await;
    let claims = format!(r#"{{"sub":"{}","session":"{}","role":"user"}}"#, person.id, person.session);
    let begin = format!("begin; select edge.enter('{claims}', '2026-06-10T10:00:00Z'); set local role authenticated;");
    login.batch_execute(&begin).await.unwrap();
    let explain = format!("explain (analyze, timing off, format json) {}", STREAK.text());
    let plan: Value = login.query_one(&explain, &[&14_i32]).await.unwrap().get(0);
    plan[0]["Plan"].clone()
}

#[tokio::test]
async fn ten_years_of_daily_entries_are_read_once_and_from_the_index_alone() {
    let _alone = super::LOADING.lock().await;
    let ada = Person::new().await;
    let owner = database().await;
    let decade = "insert into kaizen (user_id, action, date, completed)
        select $1, 'Ranger', date '2026-06-10' - n, n % 9 > 0 from generate_series(0, 3652) as n";
    assert_eq!(owner.execute(decade, &[&ada.id]).await.unwrap(), 3653);
    let mut plan = Value::Null;
    // What other tests are just writing keeps pages from being known as visible to all.
    for _ in 0..40 {
        owner.batch_execute("vacuum (analyze) kaizen").await.unwrap();
        plan = explain(&ada).await;
        if scans(&plan, "kaizen").iter().all(|scan| scan["Heap Fetches"] == 0) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    let scans = scans(&plan, "kaizen");
    let [scan] = &scans[..] else { panic!("one scan, not {}: {plan:#}", scans.len()) };
    assert_eq!((&scan["Node Type"], &scan["Index Name"]), (&"Index Only Scan".into(), &"idx_kaizen_user_date".into()));
    assert_eq!((&scan["Heap Fetches"], &scan["Actual Loops"]), (&0.into(), &1.into()), "{scan:#}");
}
