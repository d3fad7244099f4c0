use serde_json::Value;

use crate::variable;

/// What a simulated provider gives an account whose person has consented: the answer of its token endpoint.
///
/// # Panics
/// Where the simulators do not answer.
pub async fn provider_grant(provider: &str, account: &str) -> Value {
    let url = format!("{}/control/providers/{provider}/{account}/grant", variable("SIMULATORS_URL"));
    let answer = reqwest::Client::new().post(url).send().await.expect("the simulators do not answer");
    answer.json().await.expect("the simulated provider gives no tokens")
}
