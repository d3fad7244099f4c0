use testing::App;

use super::FUNCTION;

#[tokio::test]
async fn the_description_describes_itself() {
    let answer = App::native(&FUNCTION).get("/openapi.json").send().await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/api/v1/openapi.json"]["get"]["operationId"], "getOpenapi");
}

#[tokio::test]
async fn what_a_caller_has_already_is_not_sent_again() {
    let app = App::native(&FUNCTION);
    let first = app.get("/openapi.json").send().await;
    let again = app.get("/openapi.json").header("if-none-match", first.header("etag").unwrap()).send().await;
    assert_eq!((again.status, again.body.len()), (304, 0));
}
