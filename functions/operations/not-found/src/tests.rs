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

/// The five of the product document, each as its browser sends it.
const ORIGINS: [&str; 5] = [
    "https://phoenix-aube.vercel.app",
    "https://phoenix-rise.vercel.app",
    "https://phoenix-cv.vercel.app",
    "http://localhost:3000",
    "http://localhost:3001",
];

#[tokio::test]
async fn the_listed_origins_may_send_credentials_and_those_that_resemble_them_may_not() {
    let app = App::native(&FUNCTION).with("ALLOWED_ORIGINS", &ORIGINS.join(", "));
    for origin in ORIGINS {
        let answer = app.get("/nothing").header("origin", origin).send().await;
        assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
        assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
        let [port, suffix, plain] = [[origin, "0"].concat(), [origin, ".evil.example"].concat(), origin.replace("//", "//x.")];
        for near in [port, suffix, plain, origin.to_uppercase(), "null".to_owned(), "*".to_owned()] {
            let answer = app.get("/nothing").header("origin", &near).send().await;
            assert_eq!(answer.header("access-control-allow-origin"), None, "{near}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{near}");
        }
    }
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_refused() {
    let answer = App::native(&FUNCTION).with("ALLOWED_HOSTS", "api.oree.example").get("/nothing").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_host"));
}
