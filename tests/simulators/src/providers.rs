//! The fitness providers' consent pages, token endpoints and the few calls that tell whose account it is: one simulator, and what each
//! provider does otherwise as data (`providers/quirks.rs`).
//!
//! `/providers/{provider}/…`, for `STRAVA_AUTH_URL`, `STRAVA_TOKEN_URL`, `STRAVA_API_URL` and their like. Id and secret of the
//! application are `simulated`. The consent page answers at once with the way back: whoever plays the browser adds
//! `sim_account=` to its address (an account of its own for each test; else one is made up) and may add `sim_consent=deny` or `partial`.
//!
//! Faults come by rules for an account (`{"world":"providers","id":"strava-17","scenario":"sim:token-503"}`); of
//! calls with the name of what is called: `token` (codes and refreshes), `api`, `revoke`. `sim:token-slow=ms` and its like answer late. What
//! was asked, and how the account stands, is read and set at `/control/providers/{provider}/{account}`; `POST …/grant` gives tokens
//! as if somebody had consented.

mod oauth1;
mod quirks;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Context, Scenario, World, lock, read_body};
use quirks::{Creds, Quirks, Renewal, UserId, find};

pub(crate) const WORLD: World = World { name: "providers", unknown_marker, routes };

const BODY_LIMIT_BYTES: usize = 64 * 1024;
const MAX_ACCOUNTS: usize = 20_000;
const OPERATIONS: [&str; 3] = ["token", "api", "revoke"];
/// The application's id and secret.
pub(crate) const APPLICATION: &str = "simulated";

fn unknown_marker(scenario: &Scenario) -> Option<String> {
    let known = |name: &str| {
        let (operation, rest) = name.split_once('-').unwrap_or_default();
        OPERATIONS.contains(&operation) && (rest == "slow" || Scenario::read(&format!("sim:{rest}")).fault().is_some())
    };
    scenario.names().find(|name| !known(name)).map(str::to_owned)
}

pub(crate) struct Providers {
    context: Arc<Context>,
    book: Mutex<Book>,
}

/// What all providers remember. The oldest account is forgotten first.
#[derive(Default)]
struct Book {
    made: u64,
    accounts: HashMap<String, Account>,
    order: VecDeque<String>,
    /// Codes and tokens, each with what it is good for.
    words: HashMap<String, Word>,
}

#[derive(Default)]
struct Account {
    access: Vec<String>,
    refresh: Vec<String>,
    registered: bool,
    is_waiting: bool,
    counts: HashMap<&'static str, u64>,
}

#[derive(Clone)]
struct Word {
    key: String,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Code {
        redirect: String,
        challenge: Option<String>,
        scope: String,
    },
    Access,
    Refresh,
    /// OAuth 1: its secret, where to come back to, and the verifier once there was a consent.
    Request {
        secret: String,
        callback: String,
        verifier: Option<String>,
    },
    /// OAuth 1: its secret.
    Pair {
        secret: String,
    },
}

type Shared = State<Arc<Providers>>;

fn routes(context: &Arc<Context>) -> Router {
    let world = Providers { context: context.clone(), book: Mutex::default() };
    Router::new()
        .route("/providers/{provider}/{*path}", any(serve))
        .route("/control/providers/{provider}/{account}", get(look).post(change))
        .route("/control/providers/{provider}/{account}/grant", post(grant))
        .with_state(Arc::new(world))
}

impl Book {
    fn word(&mut self, kind: &str) -> String {
        self.made += 1;
        format!("{kind}-{:016x}{:08x}", crate::scenario::fingerprint(&format!("{kind}{}", self.made)), self.made)
    }

    fn give(&mut self, prefix: &str, key: &str, kind: Kind) -> String {
        let word = self.word(prefix);
        self.words.insert(word.clone(), Word { key: key.to_owned(), kind });
        word
    }

    fn account(&mut self, key: &str) -> &mut Account {
        if !self.accounts.contains_key(key) {
            self.order.push_back(key.to_owned());
            if self.order.len() > MAX_ACCOUNTS
                && let Some(oldest) = self.order.pop_front()
            {
                self.accounts.remove(&oldest);
                self.words.retain(|_, word| word.key != oldest);
            }
        }
        self.accounts.entry(key.to_owned()).or_default()
    }

    fn count(&mut self, key: &str, what: &'static str) {
        *self.account(key).counts.entry(what).or_default() += 1;
    }

    /// Ends every grant of an account.
    fn revoke(&mut self, key: &str) {
        let account = self.account(key);
        let gone: Vec<String> = account.access.drain(..).chain(account.refresh.drain(..)).collect();
        account.registered = false;
        for word in gone {
            self.words.remove(&word);
        }
    }
}

/// One request to a provider.
struct Asked {
    quirks: &'static Quirks,
    method: Method,
    /// Below the provider's name.
    path: String,
    /// As it was called, without its query.
    url: String,
    query: HashMap<String, String>,
    headers: HeaderMap,
    form: HashMap<String, String>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    fn field(&self, name: &str) -> &str {
        self.form.get(name).map_or("", String::as_str)
    }

    fn asked(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// Whether our application's id and secret stand where this provider wants them, and nowhere else.
    fn is_our_application(&self) -> bool {
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{APPLICATION}:{APPLICATION}")));
        let in_body = self.field("client_id") == APPLICATION && self.field("client_secret") == APPLICATION;
        match self.quirks.credentials {
            Creds::Basic => self.header("authorization") == basic && self.field("client_secret").is_empty(),
            Creds::Body => in_body && self.header("authorization").is_empty(),
        }
    }
}

fn pairs(text: &[u8]) -> HashMap<String, String> {
    url_pairs(text).into_iter().collect()
}

/// Of a form or query, as `application/x-www-form-urlencoded` says.
fn url_pairs(text: &[u8]) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let bytes = part.as_bytes();
        let mut out = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'+' => out.push(b' '),
                b'%' => {
                    let hex = part.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
                    out.push(hex.unwrap_or(b'?'));
                    at += 2;
                }
                byte => out.push(byte),
            }
            at += 1;
        }
        String::from_utf8_lossy(&out).into_owned()
    };
    let text = String::from_utf8_lossy(text);
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(name, value)| (decode(name), decode(value))).collect()
}

async fn serve(
    State(world): Shared,
    Path((provider, path)): Path<(String, String)>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(quirks) = find(&provider) else { return StatusCode::NOT_FOUND.into_response() };
    let Some(body) = read_body(body, BODY_LIMIT_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let asked = Asked {
        quirks,
        method,
        path: format!("/{path}"),
        url: format!("{}{}", world.context.url, uri.path()),
        query: pairs(uri.query().unwrap_or_default().as_bytes()),
        headers,
        form: pairs(&body),
    };
    world.answer(asked).await
}

impl Providers {
    async fn answer(&self, asked: Asked) -> Response {
        let quirks = asked.quirks;
        if asked.path == quirks.consent {
            return self.consent(&asked);
        }
        if quirks.oauth1 && asked.path.starts_with("/oauth") && asked.path != quirks.token {
            return self.oauth1(&asked);
        }
        let (operation, subject) = if asked.path == quirks.token || asked.path == quirks.refresh {
            ("token", [asked.field("code"), asked.field("refresh_token")].concat())
        } else if asked.path == quirks.revoke.1 && asked.method == quirks.revoke.0 && !quirks.revoke_is_bearer {
            ("revoke", asked.field("token").to_owned())
        } else {
            ("api", self.token_of(&asked))
        };
        let key = lock(&self.book).words.get(&subject).map(|word| word.key.clone()).unwrap_or_default();
        let scenario = self.context.rules.take(WORLD.name, &key).within(operation);
        if let Some(ms) = scenario.number("slow") {
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        let fault = scenario.fault().filter(|fault| fault.strikes(&self.context, &format!("{operation} {key}")));
        if let Some(fault) = fault.filter(|fault| !fault.after) {
            return fault.answer(&self.context).await;
        }
        let answer = match operation {
            "token" => self.token(&asked),
            "revoke" => self.revoke(&asked),
            _ => self.api(&asked, &subject),
        };
        match fault {
            Some(fault) => fault.answer(&self.context).await,
            None => answer,
        }
    }

    /// Sends the browser back at once.
    fn consent(&self, asked: &Asked) -> Response {
        let refuse = |why: &str| (StatusCode::BAD_REQUEST, why.to_owned()).into_response();
        let (state, redirect) = (asked.asked("state"), asked.asked("redirect_uri"));
        if asked.asked("client_id") != APPLICATION || asked.asked("response_type") != "code" || redirect.is_empty() {
            return refuse("client_id, response_type and redirect_uri are needed");
        }
        let challenge = Some(asked.asked("code_challenge")).filter(|challenge| !challenge.is_empty()).map(str::to_owned);
        if asked.quirks.pkce && (challenge.is_none() || asked.asked("code_challenge_method") != "S256") {
            return refuse("PKCE with S256 is needed");
        }
        let back = |more: &str| {
            let to = format!("{redirect}?{more}&state={state}");
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        };
        let mut book = lock(&self.book);
        let account = match asked.asked("sim_account") {
            "" => format!("{}", 100_000 + crate::scenario::fingerprint(state) % 900_000),
            account => account.to_owned(),
        };
        let key = format!("{}-{account}", asked.quirks.name);
        match asked.asked("sim_consent") {
            "deny" if asked.quirks.denies_silently => return back("x=1"),
            "deny" => return back("error=access_denied"),
            _ => {}
        }
        let scope = match asked.asked("sim_consent") {
            "partial" => asked.quirks.partial.to_owned(),
            _ => asked.asked("scope").to_owned(),
        };
        let shown = if asked.quirks.tells_scope { format!("&scope={scope}") } else { String::new() };
        let kind = Kind::Code { redirect: redirect.to_owned(), challenge, scope };
        let code = book.give("code", &key, kind);
        back(&format!("code={code}{shown}"))
    }

    fn token(&self, asked: &Asked) -> Response {
        if !asked.is_our_application() {
            return quirks::refusal(asked.quirks, "invalid_client", StatusCode::UNAUTHORIZED);
        }
        let spent = || quirks::refusal(asked.quirks, "invalid_grant", StatusCode::BAD_REQUEST);
        let mut book = lock(&self.book);
        match asked.field("grant_type") {
            "authorization_code" if asked.path == asked.quirks.token => {
                let Some(Word { key, kind: Kind::Code { redirect, challenge, scope } }) = book.words.remove(asked.field("code"))
                else {
                    return spent();
                };
                let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(asked.field("code_verifier")));
                if redirect != asked.field("redirect_uri") || challenge.is_some_and(|challenge| challenge != proof) {
                    return spent();
                }
                book.count(&key, "exchanges");
                self.pair(&mut book, asked.quirks, &key, Some(&scope))
            }
            "refresh_token" if asked.path == asked.quirks.refresh => {
                let old = asked.field("refresh_token").to_owned();
                let Some(Word { key, kind: Kind::Refresh }) = book.words.get(&old).cloned() else { return spent() };
                book.count(&key, "refreshes");
                match asked.quirks.renewal {
                    Renewal::None => spent(),
                    Renewal::Extend => Json(json!({"result": "0000", "message": "OK"})).into_response(),
                    Renewal::Stable => self.pair(&mut book, asked.quirks, &key, None),
                    Renewal::Rotate => {
                        book.words.remove(&old);
                        let account = book.account(&key);
                        account.refresh.retain(|word| *word != old);
                        if asked.quirks.most_tokens.is_some() {
                            let gone: Vec<String> = account.access.drain(..).collect();
                            book.words.retain(|word, _| !gone.contains(word));
                        }
                        self.pair(&mut book, asked.quirks, &key, None)
                    }
                }
            }
            _ => quirks::refusal(asked.quirks, "unsupported_grant_type", StatusCode::BAD_REQUEST),
        }
    }

    /// New tokens for an account, as its provider writes them. `scope` comes with those for a code.
    fn pair(&self, book: &mut Book, quirks: &Quirks, key: &str, scope: Option<&str>) -> Response {
        if quirks.most_tokens.is_some_and(|most| book.account(key).access.len() >= most) {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": "Too many unrevoked access tokens"}))).into_response();
        }
        let access = book.give("access", key, Kind::Access);
        book.account(key).access.push(access.clone());
        let mut given = json!({"access_token": access, "token_type": "Bearer", "expires_in": quirks.lives_s});
        let needs_refresh =
            !matches!(quirks.renewal, Renewal::None) && (scope.is_some() || matches!(quirks.renewal, Renewal::Rotate));
        if needs_refresh {
            let refresh = book.give("refresh", key, Kind::Refresh);
            book.account(key).refresh.push(refresh.clone());
            given["refresh_token"] = json!(refresh);
        }
        let account = key.split_once('-').map_or("", |(_, account)| account);
        if let Some(scope) = scope {
            match quirks.user_id {
                UserId::Athlete => given["athlete"] = quirks::athlete(account),
                UserId::Member(name) => given[name] = quirks::id(account),
                UserId::Asked => {}
            }
            if quirks.scope_in_answer {
                given["scope"] = json!(scope);
            }
        }
        Json(given).into_response()
    }

    fn revoke(&self, asked: &Asked) -> Response {
        let mut book = lock(&self.book);
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{APPLICATION}:{APPLICATION}")));
        if asked.quirks.revoke_is_basic && asked.header("authorization") != basic {
            return quirks::refusal(asked.quirks, "invalid_client", StatusCode::UNAUTHORIZED);
        }
        let key = book.words.get(asked.field("token")).map(|word| word.key.clone());
        match key {
            Some(key) => {
                book.count(&key, "revocations");
                book.revoke(&key);
                if asked.quirks.name == "coros" {
                    Json(json!({"result": "0000"})).into_response()
                } else {
                    StatusCode::OK.into_response()
                }
            }
            None => quirks::unknown_token(asked.quirks),
        }
    }

    /// The token that a call carries.
    fn token_of(&self, asked: &Asked) -> String {
        let bearer = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let signed = oauth1::parameter(asked.header("authorization"), "oauth_token").unwrap_or_default();
        [bearer, asked.asked("token"), &signed].concat()
    }

    fn api(&self, asked: &Asked, token: &str) -> Response {
        let mut book = lock(&self.book);
        let word = book.words.get(token).cloned();
        let good = match &word {
            Some(Word { kind: Kind::Access, .. }) => true,
            Some(Word { kind: Kind::Pair { secret }, .. }) => self.is_signed(asked, secret),
            _ => false,
        };
        let Some(Word { key, .. }) = word.filter(|_| good) else { return quirks::unauthorized(asked.quirks, &asked.path) };
        let account = key.split_once('-').map_or("", |(_, account)| account).to_owned();
        if asked.method == asked.quirks.revoke.0 && quirks::is_path(asked.quirks.revoke.1, &asked.path, &account) {
            book.count(&key, "revocations");
            book.revoke(&key);
            return StatusCode::NO_CONTENT.into_response();
        }
        if asked.quirks.name == "polar" && asked.method == Method::POST {
            if book.account(&key).is_waiting {
                return StatusCode::FORBIDDEN.into_response();
            }
            let was = std::mem::replace(&mut book.account(&key).registered, true);
            return if was { StatusCode::CONFLICT.into_response() } else { Json(json!({"polar-user-id": 1})).into_response() };
        }
        book.count(&key, "calls");
        quirks::profile(asked.quirks, &asked.path, &account)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Ends every grant, as if the person had done so there.
    #[serde(default)]
    revoke: bool,
    /// Whether the person is still to accept the provider's own terms.
    waits: Option<bool>,
    /// Forgets access tokens and leaves refresh tokens, as time does.
    #[serde(default)]
    expire: bool,
}

async fn look(State(world): Shared, Path((provider, account)): Path<(String, String)>) -> Json<Value> {
    let key = format!("{provider}-{account}");
    let mut book = lock(&world.book);
    let account = book.account(&key);
    let count = |what: &str| account.counts.get(what).copied().unwrap_or_default();
    Json(json!({
        "exchanges": count("exchanges"), "refreshes": count("refreshes"), "revocations": count("revocations"), "calls": count("calls"),
        "access_tokens": account.access.len(), "refresh_tokens": account.refresh.len(), "registered": account.registered,
    }))
}

async fn change(
    State(world): Shared,
    Path((provider, account)): Path<(String, String)>,
    Query(_): Query<HashMap<String, String>>,
    Json(change): Json<Change>,
) -> StatusCode {
    let key = format!("{provider}-{account}");
    let mut book = lock(&world.book);
    if change.revoke {
        book.revoke(&key);
    }
    if change.expire {
        let gone: Vec<String> = book.account(&key).access.drain(..).collect();
        for word in gone {
            book.words.remove(&word);
        }
    }
    if let Some(waits) = change.waits {
        book.account(&key).is_waiting = waits;
    }
    StatusCode::NO_CONTENT
}

async fn grant(State(world): Shared, Path((provider, account)): Path<(String, String)>) -> Response {
    match find(&provider) {
        Some(quirks) => world.pair(&mut lock(&world.book), quirks, &format!("{provider}-{account}"), Some("")),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
