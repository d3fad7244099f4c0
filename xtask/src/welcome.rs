//! What `dev` prints when everything is ready: addresses, a demo account, something to try for each trigger.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::stack::Stack;

const DEMO_EMAIL: &str = "demo@oree.example";
const DEMO_OPERATOR: &str = "operator@oree.example";
const DEMO_PASSWORD: &str = "a walk along the edge of the wood";

/// Providers that the demo account has.
const DEMO_PROVIDERS: [&str; 2] = ["strava", "polar"];

/// The scene that the callback below is about; the simulator draws it while this is being read.
const DEMO_SCENE: [(&str, &str); 5] =
    [("world", "Brume"), ("era", "Aube"), ("class", "Mage"), ("pose", "Debout"), ("decor", "Lisière")];

pub async fn show(stack: &Stack) {
    let edge = stack.edge_url();
    println!("\n  Orée is ready at {edge}\n");
    println!("  database     {}", stack.database_url());
    println!("  simulators   {}", stack.variables["SIMULATORS_URL"]);
    match sign_in(edge, DEMO_EMAIL).await {
        Ok(token) => {
            println!("  demo account {DEMO_EMAIL} / {DEMO_PASSWORD}");
            for provider in DEMO_PROVIDERS {
                match connect(edge, &token, provider).await {
                    Ok(()) => println!("               connected to {provider}"),
                    Err(error) => println!("               {provider} could not be connected: {error:#}"),
                }
            }
            match appoint(stack).await {
                Ok(()) => println!("  operators    {edge}/admin, as {DEMO_OPERATOR} with the same password\n"),
                Err(error) => println!("\n  The demo operator could not be made: {error:#}\n"),
            }
            trials(stack, &token);
        }
        Err(error) => println!("\n  The demo account could not be made: {error:#}"),
    }
    println!("\n  Edits are served as they are saved. Ctrl-C ends everything.\n");
}

/// One command for each kind of trigger.
fn trials(stack: &Stack, token: &str) {
    let edge = stack.edge_url();
    let scene: Value = DEMO_SCENE.into_iter().collect();
    println!("  HTTP: today's kaizen, and a scene (the token is good for 15 minutes)\n");
    println!("    TOKEN={token}");
    println!("    curl -s {edge}/api/v1/rise/kaizen -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\");
    println!("      -d '{}'", json!({"action": "Ranger le bureau", "completed": true}));
    println!(
        "    curl -s {edge}/api/v1/generate/scene -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\"
    );
    println!("      -d '{scene}'");
    println!("    curl -s {edge}/api/v1/scenes -H \"Authorization: Bearer $TOKEN\"\n");
    println!("  cron: remove what is older than 90 days, now\n\n    cargo xtask cron purge\n");
    println!("  webhook: RunPod's callback for a job that nobody has, by its sealed link (answered 200, changes nothing)\n");
    match callback(stack) {
        Ok(link) => println!("    curl -i '{link}' -H 'Content-Type: application/json' -d '{{\"status\": \"COMPLETED\"}}'"),
        Err(error) => println!("    {error:#}"),
    }
}

/// Makes an account to which the operators' pages open.
async fn appoint(stack: &Stack) -> Result<()> {
    sign_in(stack.edge_url(), DEMO_OPERATOR).await?;
    let client = migrate::connect(stack.superuser_url()).await?;
    let sql = format!(
        "begin;
         select set_config('oree.now', clock_timestamp()::text, true);
         update users set role = 'admin' where email = '{DEMO_OPERATOR}' and role <> 'admin';
         commit"
    );
    client.batch_execute(&sql).await?;
    Ok(())
}

/// Registers a demo account as a person would, or signs it in where it exists.
async fn sign_in(edge: &str, email: &str) -> Result<String> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(20)).build()?;
    let body = json!({"email": email, "password": DEMO_PASSWORD});
    let mut answer = client.post(format!("{edge}/api/v1/auth/register")).json(&body).send().await?;
    if answer.status() == reqwest::StatusCode::CONFLICT {
        answer = client.post(format!("{edge}/api/v1/auth/login")).json(&body).send().await?;
    }
    if !answer.status().is_success() {
        bail!("{} {}", answer.status(), answer.text().await?);
    }
    let body: Value = answer.json().await?;
    body["access_token"].as_str().map(str::to_owned).context("no token was given")
}

/// Connects a provider, as a person's browser would; the simulator consents. It remembers nothing from one start to the next, so one
/// that was connected is connected again, and keeps its number.
async fn connect(edge: &str, token: &str, provider: &str) -> Result<()> {
    let client =
        reqwest::Client::builder().timeout(Duration::from_secs(20)).redirect(reqwest::redirect::Policy::none()).build()?;
    let home = json!({"return_url": "http://localhost:3000/"});
    let begin = client.post(format!("{edge}/api/v1/providers/authorize/{provider}")).bearer_auth(token).json(&home);
    let begun: Value = begin.send().await?.error_for_status()?.json().await?;
    let page = begun["authorize_url"].as_str().context("no consent page was given")?;
    let consent = client.get(format!("{page}&sim_account=1000{}", provider.len())).send().await?;
    let back =
        consent.headers().get("location").and_then(|to| to.to_str().ok()).context("nobody consents: is this a simulator?")?;
    let end = client.get(back).send().await?;
    let home = end.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default().to_owned();
    if home.contains("status=") { Ok(()) } else { bail!("{} {home}", end.status()) }
}

/// As `runpod::callback_url` makes it.
#[expect(clippy::disallowed_methods, reason = "a tool on the developer's own machine")]
fn callback(stack: &Stack) -> Result<String> {
    use base64::Engine;
    let key = base64::prelude::BASE64_STANDARD.decode(&stack.variables["LINK_KEY"])?;
    let job = auth::random_uuid()?;
    let expires = (chrono::Utc::now() + chrono::TimeDelta::days(1)).timestamp();
    let proof = auth::seal(&key, &format!("runpod:{job}:{expires}"));
    Ok(format!("{}/api/v1/webhooks/runpod/{job}?expires={expires}&proof={proof}", stack.edge_url()))
}
