use testing::App;

use super::FUNCTION;

#[tokio::test]
async fn an_unknown_path_is_a_problem_that_a_front_end_may_read() {
    let app = App::native(&FUNCTION).with("ALLOWED_ORIGINS", "https://rise.example");
    let answer = app.get("/nothing").header("origin", "https://rise.example").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://rise.example"));
    let stranger = app.get("/nothing").header("origin", "https://evil.example").send().await;
    assert_eq!(stranger.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_refused() {
    let answer = App::native(&FUNCTION).with("ALLOWED_HOSTS", "api.oree.example").get("/nothing").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_host"));
}
