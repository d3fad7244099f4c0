use serde_json::{Value, json};
use simulators::{Config, Simulators};

struct Provider {
    simulators: Simulators,
    client: reqwest::Client,
}

impl Provider {
    async fn start() -> Provider {
        let config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        Provider { simulators: Simulators::start(config).await.unwrap(), client: reqwest::Client::new() }
    }

    async fn send(&self, to: &str, key: &str) -> u16 {
        let letter = json!({"from": "a@example.org", "to": to, "subject": "s", "text": "t"});
        let request = self.client.post(format!("{}/mail/send", self.simulators.url)).bearer_auth("simulated");
        request.header("idempotency-key", key).json(&letter).send().await.unwrap().status().as_u16()
    }

    async fn letters(&self, to: &str) -> Vec<Value> {
        let url = format!("{}/control/mail?to={to}", self.simulators.url);
        let body: Value = self.client.get(url).send().await.unwrap().json().await.unwrap();
        body["letters"].as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn a_letter_is_kept_for_its_reader_once_per_key() {
    let provider = Provider::start().await;
    for key in ["1", "1", "2"] {
        assert_eq!(provider.send("ada@example.org", key).await, 202);
    }
    let letters = provider.letters("ada@example.org").await;
    assert_eq!(letters, vec![json!({"from": "a@example.org", "to": "ada@example.org", "subject": "s", "text": "t"}); 2]);
    assert!(provider.letters("bob@example.org").await.is_empty());
}

#[tokio::test]
async fn a_provider_can_be_busy_and_can_refuse() {
    let provider = Provider::start().await;
    let rule = json!({"world": "mail", "id": "ada@example.org", "scenario": "sim:503", "times": 1});
    let set = provider.client.post(format!("{}/control/rules", provider.simulators.url)).json(&rule).send().await.unwrap();
    assert_eq!(set.status(), 204);
    assert_eq!(provider.send("ada@example.org", "1").await, 503);
    assert_eq!(provider.send("ada@example.org", "1").await, 202);
    assert_eq!(provider.send("refused@example.org", "2").await, 422);
    let bare = provider.client.post(format!("{}/mail/send", provider.simulators.url)).json(&json!({})).send().await.unwrap();
    assert_eq!(bare.status(), 401);
}
