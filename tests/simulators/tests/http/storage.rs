//! What the storage refuses. What it takes is shown by the functions' own tests, whose signatures are held to those of
//! Amazon's client in `shared/storage`.

use simulators::{Config, Simulators};

const SIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=simulated%2F20200101%2Fauto%2Fs3%2Faws4_request\
    &X-Amz-Date=20200101T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=00";

async fn start() -> Simulators {
    Simulators::start(Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() }).await.unwrap()
}

#[tokio::test]
async fn nobody_reads_or_writes_without_a_signature_of_now() {
    let simulators = start().await;
    let client = reqwest::Client::new();
    let file = format!("{}/storage/oree/scene/1.png", simulators.url);
    let refused = async |request: reqwest::RequestBuilder| {
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for request in [client.get(&file), client.put(&file).body("x"), client.delete(&file)] {
        let (status, body) = refused(request).await;
        assert!(status == 403 && body.contains("<Code>AccessDenied</Code>"), "{status} {body}");
    }
    let (status, body) = refused(client.get(format!("{file}?{SIGNED}"))).await;
    assert!(status == 403 && body.contains("RequestTimeTooSkewed"), "{status} {body}");
    let looked = client.get(format!("{}/control/storage/oree/scene/1.png", simulators.url)).send().await.unwrap();
    assert_eq!(looked.status(), 404);
}

#[tokio::test]
async fn a_bucket_can_be_down_by_rule() {
    let simulators = start().await;
    let client = reqwest::Client::new();
    let rules = format!("{}/control/rules", simulators.url);
    let rule = |scenario: &str| serde_json::json!({"world": "storage", "id": "down", "scenario": scenario});
    assert_eq!(client.post(&rules).json(&rule("sim:503")).send().await.unwrap().status(), 204);
    assert_eq!(client.get(format!("{}/storage/down/a", simulators.url)).send().await.unwrap().status(), 503);
    assert_eq!(client.post(&rules).json(&rule("sim:misspelt")).send().await.unwrap().status(), 400);
}
