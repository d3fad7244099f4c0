//! Where there is no zone, the entry Worker gives every request to the function that a zone's routes would have chosen.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use contracts::FUNCTIONS;
use edge::Trigger;
use serde_json::{Value, json};

use crate::routes::chosen;

/// The entry Worker in workerd; behind it stand Workers that answer with the name of the function they stand for.
struct Entry {
    url: String,
    process: Child,
}

impl Entry {
    fn serve() -> Entry {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let worker = |name: &str, code: &str, routes: Value, services: &BTreeMap<String, &str>| {
            json!({
                "name": name, "folder": module(name, code), "routes": routes, "services": services,
                "bindings": {}, "ratelimits": {}, "crons": [],
            })
        };
        let behind = FUNCTIONS.iter().filter(|function| matches!(function.trigger, Trigger::Http | Trigger::Fallback));
        let services = behind.clone().map(|f| (f.package.to_ascii_uppercase().replace('-', "_"), f.package)).collect();
        let mut workers = vec![worker("entry", &contracts::entry(), json!(["*/*"]), &services)];
        for function in behind {
            let code = format!("export default {{ fetch: () => new Response({:?}) }};", function.package);
            workers.push(worker(function.package, &code, json!([]), &BTreeMap::new()));
        }
        let config = json!({"serve": {
            "host": "127.0.0.1", "port": port, "compatibilityDate": "2026-04-01", "compatibilityFlags": [],
            "keepTime": false, "workers": workers,
        }});
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let mut process = Command::new("node")
            .arg(root.join("dev/workerd.mjs"))
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(process.stdin.as_mut().unwrap(), "{config}").unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "{\"ready\":{}}\n");
        Entry { url: format!("http://127.0.0.1:{port}"), process }
    }

    async fn answers(&self, path: &str) -> String {
        reqwest::get([&self.url, path].concat()).await.unwrap().text().await.unwrap()
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn module(name: &str, code: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("entry").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("index.js"), code).unwrap();
    folder
}

#[tokio::test]
async fn the_entry_worker_routes_as_a_zone_does() {
    let entry = Entry::serve();
    let mut paths = vec!["/api".to_owned(), "/api/v1/nothing?x=/api/v1/health".to_owned(), "/s2s_api_v1/nothing".to_owned()];
    paths.extend(["/functions/v1/nothing", "/admin/nothing"].map(str::to_owned));
    let endpoints = FUNCTIONS.iter().filter(|f| f.trigger == Trigger::Http).flat_map(|f| f.endpoints.iter().map(|e| (f.root, e)));
    for (root, endpoint) in endpoints {
        let path = endpoint.path.replace(['{', '}'], "");
        for prefix in root.prefixes() {
            paths.extend(["", "?limit=1", "?next=/api/v1/health/x/y/z"].map(|query| [*prefix, &path, query].concat()));
        }
    }
    for path in paths {
        let zone = chosen(&["api.oree.example", &path].concat());
        assert_eq!(Some(entry.answers(&path).await.as_str()), zone, "{path}");
    }
    assert_eq!(entry.answers("/").await, "");
}
