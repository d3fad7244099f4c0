//! What `dev` prints when everything is ready: addresses, a demo account, something to try for each trigger.

use serde_json::json;

use crate::stack::Stack;

const DEMO_EMAIL: &str = "demo@oree.example";
const DEMO_PASSWORD: &str = "a walk along the edge of the wood";

/// Things to try: what triggers it, and the command.
const TRIALS: [(&str, &str); 3] = [
    ("HTTP", "curl -i EDGE/api/v1/health"),
    ("cron", "cargo xtask cron operations-tick"),
    ("webhook", "curl -i -X POST EDGE/api/v1/webhooks/github -H 'X-GitHub-Event: ping' -d '{}'"),
];

pub async fn show(stack: &Stack) {
    let edge = stack.edge_url();
    println!("\n  Orée is ready at {edge}\n");
    println!("  database     {}", stack.database_url());
    println!("  simulators   {}", stack.variables["SIMULATORS_URL"]);
    if make_demo_account(edge).await {
        println!("  demo account {DEMO_EMAIL} / {DEMO_PASSWORD}");
    }
    println!();
    for (trigger, command) in TRIALS {
        println!("  {trigger:<8} {}", command.replace("EDGE", edge));
    }
    println!("\n  Edits are served as they are saved. Ctrl-C ends everything.\n");
}

/// Registers the demo account as a person would; it may exist already.
async fn make_demo_account(edge: &str) -> bool {
    let body = json!({"email": DEMO_EMAIL, "password": DEMO_PASSWORD});
    let answer = reqwest::Client::new().post(format!("{edge}/api/v1/auth/register")).json(&body).send().await;
    answer.is_ok_and(|answer| answer.status().is_success() || answer.status() == reqwest::StatusCode::CONFLICT)
}
