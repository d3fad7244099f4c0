//! A server of its own for each test, and a webhook receiver.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};
use simulators::{Config, Simulators};

pub struct World {
    pub simulators: Simulators,
    pub http: Client,
}

pub async fn world() -> World {
    with(|_| ()).await
}

/// A quick world, changed by `adjust`.
pub async fn with(adjust: impl FnOnce(&mut Config)) -> World {
    let mut config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        queue_ms: 10,
        run_ms: 20,
        callback_interval_ms: 30,
        callback_timeout_ms: 2_000,
        hold_ms: 2_000,
        hang_ms: 5_000,
        ..Config::default()
    };
    adjust(&mut config);
    World { simulators: Simulators::start(config).await.unwrap(), http: Client::new() }
}

impl World {
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulators.url)
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, self.url(path)).bearer_auth("key");
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        status_and_body(self.send(Method::POST, path, Some(body)).await).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        status_and_body(self.send(Method::GET, path, None).await).await
    }

    /// Submits to endpoint `ep` and gives the job's id.
    pub async fn run(&self, body: Value) -> String {
        let (status, answer) = self.post("/runpod/v2/ep/run", body).await;
        assert_eq!((status, &answer["status"]), (200, &json!("IN_QUEUE")), "{answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    pub async fn status(&self, id: &str) -> (u16, Value) {
        self.get(&format!("/runpod/v2/ep/status/{id}")).await
    }

    /// The job in the ledger once it has ended and its webhook calls are over.
    pub async fn settled(&self, id: &str) -> Value {
        let (_, found) = self.get(&format!("/control/runpod/jobs?id={id}&wait=5000")).await;
        assert_eq!(found["jobs"][0]["settled"], true, "{found}");
        found["jobs"][0].clone()
    }

    pub async fn advance(&self, id: &str, ms: u64) {
        let (_, answer) = self.post("/control/advance", json!({ "job": id, "ms": ms })).await;
        assert_eq!(answer["advanced"], 1);
    }

    /// Asks for the status until `wanted` holds.
    pub async fn until(&self, id: &str, wanted: impl Fn(u16, &Value) -> bool) -> Value {
        for _ in 0..500 {
            let (status, view) = self.status(id).await;
            if wanted(status, &view) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the job never came to the wanted state: {:?}", self.status(id).await);
    }
}

pub async fn status_and_body(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Keeps the bodies it is sent; answers with the given statuses in turn, then 200.
pub struct Receiver {
    pub url: String,
    bodies: Arc<Mutex<Vec<Value>>>,
}

type Inbox = (Arc<Mutex<Vec<Value>>>, Arc<Mutex<VecDeque<u16>>>);

impl Receiver {
    pub async fn start(answers: &[u16]) -> Self {
        let bodies = Arc::<Mutex<Vec<Value>>>::default();
        let answers = Arc::new(Mutex::new(answers.iter().copied().collect()));
        let inbox: Inbox = (bodies.clone(), answers);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?token=secret", listener.local_addr().unwrap());
        let routes = Router::new().route("/hook", post(keep)).with_state(inbox);
        tokio::spawn(axum::serve(listener, routes).into_future());
        Self { url, bodies }
    }

    pub fn bodies(&self) -> Vec<Value> {
        self.bodies.lock().unwrap().clone()
    }
}

async fn keep(State((bodies, answers)): State<Inbox>, Json(body): Json<Value>) -> StatusCode {
    bodies.lock().unwrap().push(body);
    let answer = answers.lock().unwrap().pop_front().unwrap_or(200);
    StatusCode::from_u16(answer).unwrap()
}
