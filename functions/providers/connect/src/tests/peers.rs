//! Servers that others wrote (`tests/simulators/peers/oauth.mjs`), in place of the simulator. `cargo xtask check --peers` runs these.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::*;

struct Peers {
    process: Child,
    addresses: Value,
}

impl Peers {
    async fn start() -> Peers {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tests/simulators/peers/oauth.mjs");
        let mut process = Command::new("node").arg(script).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let line = BufReader::new(process.stdout.take().unwrap()).lines().next_line().await.unwrap().unwrap();
        Peers { process, addresses: serde_json::from_str(&line).unwrap() }
    }

    /// The function with one of them as Garmin.
    fn app(&self, peer: &str) -> App {
        let address = self.addresses[peer].as_str().unwrap();
        let urls = ["GARMIN_AUTH_URL", "GARMIN_TOKEN_URL", "GARMIN_API_URL", "GARMIN_OAUTH1_URL"];
        urls.into_iter().fold(app(), |app, name| app.with(name, address))
    }
}

#[tokio::test]
#[ignore = "installs packages: cargo xtask check --peers"]
async fn oauthlib_and_oauth2_mock_server_connect_whom_we_send_and_refuse_what_is_bent() {
    let mut peers = Peers::start().await;
    let legacy = || peers.app("oauth1").with("GARMIN_OAUTH", "1");
    let ada = Browser::new().await;
    let unsigned = legacy().with("GARMIN_CLIENT_SECRET", "another-secret-of-ours");
    let answer = unsigned.post("/providers/authorize/garmin").by(&ada.person).json(body()).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "provider_unavailable"), "{answer:?}");
    let back = ada.connect(&legacy(), "garmin", "all", body()).await;
    assert!(back.contains("status=connected"), "{back}");
    assert_eq!(ada.standing("garmin").await.unwrap()["provider_user_id"], "oauth1-account");

    let (eve, app) = (Browser::new().await, peers.app("oauth2"));
    let mut ways = Vec::new();
    for _ in 0..2 {
        let page = eve.authorize(&app, "garmin", body()).await.json()["authorize_url"].as_str().unwrap().to_owned();
        ways.push(eve.consent(&page, "all").await);
    }
    // The code of one way with the state, and so the verifier, of another.
    let part = |way: &str, name: &str| way.split(['?', '&']).find(|part| part.starts_with(name)).unwrap().to_owned();
    let bent = ways[1].replace(&part(&ways[1], "code="), &part(&ways[0], "code="));
    assert!(home(&app.get(&bent).send().await).contains("error=provider_error"));
    let back = eve.connect(&app, "garmin", "all", body()).await;
    assert!(back.contains("status=connected"), "{back}");
    assert_eq!(eve.standing("garmin").await.unwrap()["provider_user_id"], "oauth2-account");
    peers.process.kill().await.unwrap();
}
