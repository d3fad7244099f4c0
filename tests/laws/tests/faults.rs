//! What fails by a fault of ours is told to the team, once an hour, and to callers not at all.

use serde_json::Value;
use testing::{App, Person, database};

use failing::FUNCTION;

mod failing {
    edge::function! {
        //! Fails.

        /// Reads what is not there.
        GET "/failing" => fail, auth: Person, limit: none, reads;
    }

    use edge::{Context, Person, Reply, Result, Sql};

    async fn fail(ctx: Context, _: Person) -> Result<Reply<i64>> {
        ctx.sql(FAIL).await?.one().map(Reply::new)
    }

    const FAIL: Sql = Sql::new("select 'something private' as word");
}

async fn alerts_of(request_id: &str) -> Vec<Value> {
    let select = "select payload from outbox where kind = 'discord' and payload ->> 'request_id' = $1";
    let rows = database().await.query(select, &[&request_id]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_fault_is_told_once_an_hour_with_the_id_of_its_request() {
    let ada = Person::new().await;
    let (first, other) = ("2011-01-01T10:00:00Z", "2011-01-01T10:59:00Z");
    let fail = async |now: &str| {
        let answer = App::native(&FUNCTION).at(now).get("/failing").by(&ada).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("private"), "callers are told nothing");
        answer.header("x-request-id").unwrap().to_owned()
    };
    let (a, b) = (fail(first).await, fail(other).await);
    let notices = alerts_of(&a).await;
    let [notice] = &notices[..] else { panic!("{notices:?}") };
    assert_eq!((&notice["operation"], &notice["code"]), (&"laws.fail".into(), &"internal".into()));
    let text = notice.to_string();
    assert!(!text.contains(&ada.id.to_string()) && !text.contains("private"), "{text}");
    assert!(alerts_of(&b).await.is_empty(), "within the hour it is no news");
    let later = fail("2011-01-01T11:00:00Z").await;
    assert_eq!(alerts_of(&later).await.len(), 1);
}
