use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::workspace::{Workspace, real};

/// Functions in workerd, with everything else that they need from the stack of `cargo xtask test`.
pub struct Edge {
    pub url: String,
    log: Arc<Mutex<String>>,
    process: Child,
}

impl Edge {
    /// Serves functions of a workspace, each with the path (below `/api/v1`) that it owns.
    pub fn serve(workspace: &Workspace, functions: &[(&str, &str)]) -> Edge {
        Edge::serve_with(&workspace.root, functions, &[])
    }

    /// The same, with whole paths.
    pub fn serve_at(workspace: &Workspace, functions: &[(&str, &str)]) -> Edge {
        Edge::start(&workspace.root, functions, &[])
    }

    /// Serves functions of a project, with some variables changed; an empty value takes one away.
    pub fn serve_with(root: &Path, functions: &[(&str, &str)], changes: &[(&str, &str)]) -> Edge {
        let whole: Vec<_> = functions.iter().map(|(package, path)| (*package, ["/api/v1", path].concat())).collect();
        Edge::start(root, &whole.iter().map(|(package, path)| (*package, path.as_str())).collect::<Vec<_>>(), changes)
    }

    fn start(root: &Path, functions: &[(&str, &str)], changes: &[(&str, &str)]) -> Edge {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut variables: Value = std::env::vars().filter(|(name, _)| BOUND.contains(&name.as_str())).collect();
        assert_eq!(variables.as_object().unwrap().len(), BOUND.len(), "run tests with `cargo xtask test`");
        variables["ALLOWED_HOSTS"] = json!(format!("localhost:{port}"));
        for (name, value) in changes {
            variables[name] = json!(value);
        }
        let limits: Value = [10, 60, 300, 1200]
            .map(|n| (format!("LIMIT_{n}"), json!({"simple": {"limit": n, "period": 60}})))
            .into_iter()
            .collect();
        let others: Value =
            functions.iter().map(|(package, _)| (package.to_ascii_uppercase().replace('-', "_"), json!(package))).collect();
        let workers: Vec<Value> = functions
            .iter()
            .map(|(package, path)| {
                json!({
                    "name": package, "folder": root.join("build/wasm-dev").join(package), "routes": [format!("*{path}*")],
                    "bindings": variables, "services": others, "ratelimits": limits, "crons": [],
                })
            })
            .collect();
        let deployed: toml::Table = std::fs::read_to_string(real().join("wrangler.toml")).unwrap().parse().unwrap();
        let config = json!({"serve": {
            "host": "127.0.0.1", "port": port, "compatibilityDate": deployed["compatibility_date"],
            "compatibilityFlags": deployed["compatibility_flags"], "keepTime": false, "workers": workers,
        }});
        let mut process = Command::new("node")
            .arg(real().join("dev/workerd.mjs"))
            .current_dir(real())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(process.stdin.as_mut().unwrap(), "{config}").unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let first = lines.find(|line| !line.starts_with("{\"log\"")).unwrap_or_default();
        assert_eq!(first, "{\"ready\":{}}");
        let log = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&log);
        std::thread::spawn(move || lines.for_each(|line| kept.lock().unwrap().push_str(&line)));
        Edge { url: format!("http://localhost:{port}"), log, process }
    }

    /// Waits until the functions have logged something with these words: a line may come after its answer.
    pub async fn logs(&self, words: &str) {
        for _ in 0..100 {
            if self.log.lock().unwrap().contains(words) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{words} is not among what was logged: {}", self.log.lock().unwrap());
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// What functions are given of this process's environment.
const BOUND: [&str; 7] = ["STAGE", "PUBLIC_URL", "ALLOWED_ORIGINS", "ALLOWED_HOSTS", "JWT_KEYS", "SQL_URL", "SQL_LOGIN_PERSON"];
