//! The program itself: what it prints, and how it stops.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Caller, database_url, unique};
use serde_json::json;

fn start(arguments: &[&str]) -> (Child, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gateway"));
    command.args(["--listen", "127.0.0.1:0"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let url = line.split(' ').next().unwrap().to_owned();
    (child, url)
}

fn caller(url: &str, login: &str) -> Caller {
    Caller { http: reqwest::Client::new(), url: url.into(), login: login.into(), name: String::new() }
}

fn terminate(child: &Child) {
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn at_sigterm_a_request_under_way_is_finished() {
    let target = database_url();
    let (mut child, url) = start(&["--target", &target]);
    let login = target.replacen("127.0.0.1", "localhost", 1);
    let slow = tokio::spawn({
        let caller = caller(&url, &login);
        async move { caller.query("select pg_sleep(1)", &[]).await }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    terminate(&child);
    assert_eq!(slow.await.unwrap().0, 200);
    assert!(tokio::task::spawn_blocking(move || child.wait()).await.unwrap().unwrap().success());
}

#[tokio::test]
async fn neither_password_nor_parameter_is_printed() {
    let (mut child, url) = start(&["--target", "postgres://owner:0wnersecret@127.0.0.1:1/db"]);
    let secret = unique("secret");
    let caller = caller(&url, &format!("postgres://someone:{secret}@localhost/db"));
    let (status, body) = caller.query("select $1", &[json!(secret)]).await;
    assert_eq!(status, 500);
    assert!(body["message"].as_str().unwrap().starts_with("cannot open a session with PostgreSQL"));
    caller.send(&json!({ "query": secret, "params": secret })).await;
    terminate(&child);
    let mut printed = body.to_string();
    child.stderr.take().unwrap().read_to_string(&mut printed).unwrap();
    assert!(printed.contains("\"level\":\"error\""), "{printed}");
    assert!(!printed.contains(&secret) && !printed.contains("0wnersecret"), "{printed}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_certificate_file_that_cannot_be_read_is_named_at_the_start() {
    let arguments = ["--listen", "127.0.0.1:0", "--target", "postgres://h/db?sslmode=require&sslrootcert=/nowhere.pem"];
    let output = Command::new(env!("CARGO_BIN_EXE_gateway")).args(arguments).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot serve h:5432"));
}
