//! What each provider does otherwise, as data.

use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq)]
pub enum Creds {
    Body,
    Basic,
}

#[derive(Clone, Copy)]
pub enum Renewal {
    Rotate,
    Stable,
    Extend,
    None,
}

/// Where an answer with tokens says whose they are.
#[derive(Clone, Copy)]
pub enum UserId {
    Athlete,
    Member(&'static str),
    /// Nowhere: it is asked.
    Asked,
}

pub struct Quirks {
    pub name: &'static str,
    pub consent: &'static str,
    pub token: &'static str,
    pub refresh: &'static str,
    pub credentials: Creds,
    pub pkce: bool,
    pub renewal: Renewal,
    pub lives_s: u32,
    pub user_id: UserId,
    /// The scopes come back beside the code, or with the tokens.
    pub tells_scope: bool,
    pub scope_in_answer: bool,
    /// What is granted by who unticks a box.
    pub partial: &'static str,
    /// A no is a return without a code.
    pub denies_silently: bool,
    pub revoke: (Method, &'static str),
    pub revoke_is_bearer: bool,
    pub revoke_is_basic: bool,
    /// Of an account; a refresh then ends those before.
    pub most_tokens: Option<usize>,
    pub oauth1: bool,
}

const USUAL: Quirks = Quirks {
    name: "",
    consent: "/oauth/authorize",
    token: "/oauth/token",
    refresh: "/oauth/token",
    credentials: Creds::Body,
    pkce: false,
    renewal: Renewal::Rotate,
    lives_s: 21_600,
    user_id: UserId::Asked,
    tells_scope: false,
    scope_in_answer: false,
    partial: "",
    denies_silently: false,
    revoke: (Method::POST, "/oauth/revoke"),
    revoke_is_bearer: false,
    revoke_is_basic: false,
    most_tokens: None,
    oauth1: false,
};

static ALL: [Quirks; 7] = [
    Quirks { name: "strava", user_id: UserId::Athlete, tells_scope: true, partial: "read", revoke_is_basic: true, ..USUAL },
    Quirks {
        name: "garmin",
        consent: "/oauth2Confirm",
        token: "/di-oauth2-service/oauth/token",
        refresh: "/di-oauth2-service/oauth/token",
        pkce: true,
        lives_s: 86_400,
        revoke: (Method::DELETE, "/wellness-api/rest/user/registration"),
        revoke_is_bearer: true,
        oauth1: true,
        ..USUAL
    },
    Quirks {
        name: "polar",
        consent: "/oauth2/authorization",
        token: "/v2/oauth2/token",
        refresh: "/v2/oauth2/token",
        credentials: Creds::Basic,
        renewal: Renewal::None,
        lives_s: 31_535_999,
        user_id: UserId::Member("x_user_id"),
        revoke: (Method::DELETE, "/v3/users/{account}"),
        revoke_is_bearer: true,
        ..USUAL
    },
    Quirks {
        name: "coros",
        consent: "/oauth2/authorize",
        token: "/oauth2/accesstoken",
        refresh: "/oauth2/refresh-token",
        renewal: Renewal::Extend,
        lives_s: 2_592_000,
        user_id: UserId::Member("openId"),
        denies_silently: true,
        revoke: (Method::POST, "/oauth2/deauthorize"),
        ..USUAL
    },
    Quirks {
        name: "wahoo",
        lives_s: 7200,
        scope_in_answer: true,
        partial: "user_read",
        revoke: (Method::DELETE, "/v1/permissions"),
        revoke_is_bearer: true,
        most_tokens: Some(10),
        ..USUAL
    },
    Quirks {
        name: "fitbit",
        consent: "/oauth2/authorize",
        token: "/oauth2/token",
        refresh: "/oauth2/token",
        credentials: Creds::Basic,
        pkce: true,
        lives_s: 28_800,
        user_id: UserId::Member("user_id"),
        scope_in_answer: true,
        partial: "profile",
        revoke: (Method::POST, "/oauth2/revoke"),
        revoke_is_basic: true,
        ..USUAL
    },
    Quirks {
        name: "google_health",
        consent: "/o/oauth2/v2/auth",
        token: "/token",
        refresh: "/token",
        pkce: true,
        renewal: Renewal::Stable,
        lives_s: 3600,
        scope_in_answer: true,
        partial: "openid",
        revoke: (Method::POST, "/revoke"),
        ..USUAL
    },
];

pub fn find(name: &str) -> Option<&'static Quirks> {
    ALL.iter().find(|quirks| quirks.name == name)
}

/// A number where it is one: the providers write theirs so.
pub fn id(account: &str) -> Value {
    account.parse::<u64>().map_or_else(|_| json!(account), |number| json!(number))
}

pub fn athlete(account: &str) -> Value {
    json!({
        "id": id(account), "username": null, "firstname": "Ada", "lastname": "Lovelace", "city": "Paris", "premium": true,
        "profile": format!("https://strava.com/athletes/{account}"),
        "profile_medium": format!("https://strava.com/athletes/{account}/medium.jpg"),
    })
}

/// Each provider's own way to say no at its token endpoint.
pub fn refusal(quirks: &Quirks, error: &str, status: StatusCode) -> Response {
    let body = match quirks.name {
        "strava" => {
            let (resource, field) =
                if error == "invalid_grant" { ("RefreshToken", "refresh_token") } else { ("Application", "client_id") };
            json!({"message": "Bad Request", "errors": [{"resource": resource, "field": field, "code": "invalid"}]})
        }
        "fitbit" => json!({"errors": [{"errorType": error, "message": "…"}], "success": false}),
        "coros" => {
            let result = if error == "invalid_grant" { "5006" } else { "1031" };
            return Json(json!({"result": result, "message": error})).into_response();
        }
        _ => json!({"error": error}),
    };
    (status, Json(body)).into_response()
}

/// What is answered to a token that is not known, at the revocation endpoint.
pub fn unknown_token(quirks: &Quirks) -> Response {
    match quirks.name {
        // RFC 7009: what is not there is revoked.
        "strava" | "fitbit" => StatusCode::OK.into_response(),
        "coros" => Json(json!({"result": "5006"})).into_response(),
        _ => (StatusCode::BAD_REQUEST, Json(json!({"error": "invalid_token"}))).into_response(),
    }
}

pub fn unauthorized(quirks: &Quirks, path: &str) -> Response {
    match (quirks.name, path) {
        ("coros", "/coros/bindState") => Json(json!({"result": "0000", "data": {"bindState": 0}})).into_response(),
        ("coros", _) => Json(json!({"result": "5006"})).into_response(),
        _ => (StatusCode::UNAUTHORIZED, Json(json!({"message": "Authorization Error"}))).into_response(),
    }
}

pub fn is_path(pattern: &str, path: &str, account: &str) -> bool {
    pattern.replace("{account}", account) == path
}

/// What an account's owner is told.
pub fn profile(quirks: &Quirks, path: &str, account: &str) -> Response {
    let body = match (quirks.name, path) {
        ("strava", "/athlete") => athlete(account),
        ("garmin", "/wellness-api/rest/user/id") => json!({"userId": account}),
        ("garmin", "/wellness-api/rest/user/permissions") => {
            // Whoever is called so has left everything out.
            if account.starts_with("none") {
                json!({"permissions": []})
            } else {
                json!({"permissions": ["ACTIVITY_EXPORT", "HEALTH_EXPORT"]})
            }
        }
        ("polar", path) if path == format!("/v3/users/{account}") => json!({"polar-user-id": id(account), "first-name": "Ada"}),
        ("coros", "/coros/userinfosim") => json!({"result": "0000", "data": {"nick": "Ada"}}),
        ("coros", "/coros/bindState") => json!({"result": "0000", "data": {"bindState": 1}}),
        ("wahoo", "/v1/user") => {
            json!({"id": id(account), "email": "ada@example.org", "first": "Ada", "last": "Lovelace", "height": "1.7", "weight": "60.5"})
        }
        ("fitbit", "/1/user/-/profile.json") => json!({"user": {"encodedId": account, "displayName": "Ada"}}),
        ("fitbit", path) if path.starts_with("/1/user/-/activities/apiSubscriptions/") => {
            return (StatusCode::CREATED, Json(json!({"subscriptionId": account}))).into_response();
        }
        ("google_health", "/v4/users/me/identity") => {
            json!({"name": format!("users/{account}/identity"), "healthUserId": account, "legacyUserId": ""})
        }
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    Json(body).into_response()
}
