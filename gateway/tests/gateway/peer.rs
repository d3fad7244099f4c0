//! The official npm client through the gateway, against node-postgres on PostgreSQL itself.

use std::path::Path;
use std::process::Command;

use crate::support::{database_url, serve};

#[tokio::test(flavor = "multi_thread")]
async fn the_official_client_sees_what_node_postgres_sees() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/peer.mjs");
    let mut node = Command::new("node");
    node.arg(script).env("DATABASE_URL", database_url()).env("SQL_URL", &caller.url).env("SQL_LOGIN", &caller.login);
    let output = tokio::task::spawn_blocking(move || node.output()).await.unwrap();
    let output = output.expect("node must be installed");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}\nThe packages @neondatabase/serverless and pg come from the root: npm ci");
}
