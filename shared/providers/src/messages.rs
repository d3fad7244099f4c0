//! Leaving: what a provider is told through the outbox.

use edge::small_json::from_str;
use edge::{Context, HttpAnswer, HttpFailure};
use futures::future::LocalBoxFuture;
use outbox::{Delivery, Sender};
use serde::Deserialize;

use crate::provider::{Adapter, App, Failure, Tokens, find};
use crate::tokens::{CALL, keys, open_pair};

/// What this area has to send.
pub struct Messages;

impl Sender for Messages {
    fn order<'a>(&self, ctx: &'a Context, kind: &str, payload: &'a str) -> Option<LocalBoxFuture<'a, Delivery>> {
        let order: Order = Some(payload).filter(|_| kind == "provider_revoke").and_then(|payload| from_str(payload).ok())?;
        Some(Box::pin(async move { revoke(ctx, &order).await }))
    }
}

/// As `edge.order_revocation` writes it.
#[derive(Deserialize)]
struct Order {
    provider: String,
    row: String,
    access_token: String,
    refresh_token: Option<String>,
    account: Option<String>,
}

/// Revokes a grant. An access token that has run out is renewed first, and what came is used at once: nobody else has it.
async fn revoke(ctx: &Context, order: &Order) -> Delivery {
    let dead = |reason: &str| Delivery::Dead { status: None, reason: reason.to_owned() };
    let Some(adapter) = find(&order.provider) else { return dead("provider_unknown") };
    let app = App::new(ctx, adapter);
    if !app.is_configured() {
        return dead("provider_not_configured");
    }
    let opened = keys(ctx).and_then(|keys| {
        open_pair(&keys, &order.row, Some(&order.access_token), order.refresh_token.as_deref(), order.account.clone())
    });
    let Ok(tokens) = opened else { return dead("unreadable") };
    let first = call(app, adapter, &tokens).await;
    let is_rejected = matches!(&first, Ok(answer) if adapter.is_revoked(answer) == Some(false));
    if !is_rejected {
        return ended(adapter, first);
    }
    // Without a refresh token a rejected one is the end of the grant.
    if tokens.refresh.is_none() {
        return Delivery::Delivered { status: 401 };
    }
    let answer = match ctx.http(adapter.facts().word, adapter.renew(app, &tokens).timeout(CALL)).await {
        Ok(answer) => answer,
        Err(failure) => return retry(failure),
    };
    match adapter.granted(&answer, ctx.now()) {
        Ok(grant) => {
            let access = if grant.access.is_empty() { tokens.access.clone() } else { grant.access };
            let renewed = Tokens { access, refresh: grant.refresh.or(tokens.refresh), account: tokens.account };
            let again = call(app, adapter, &renewed).await;
            match again {
                Ok(answer) if adapter.is_revoked(&answer) == Some(false) => Delivery::Delivered { status: answer.status },
                again => ended(adapter, again),
            }
        }
        // The provider no longer knows the grant.
        Err(Failure::Refused(_) | Failure::Waits(_)) => Delivery::Delivered { status: answer.status },
        Err(Failure::Passing { reason, retry_after_s }) => {
            Delivery::Retry { status: Some(answer.status), after_s: retry_after_s, reason }
        }
    }
}

async fn call(app: App<'_>, adapter: &dyn Adapter, tokens: &Tokens) -> Result<HttpAnswer, HttpFailure> {
    let call = adapter.revoke(app, tokens).map_err(|_| HttpFailure::Connection("no randomness".to_owned()))?;
    app.ctx.http(adapter.facts().word, call.timeout(CALL)).await
}

fn ended(adapter: &dyn Adapter, answer: Result<HttpAnswer, HttpFailure>) -> Delivery {
    let answer = match answer {
        Ok(answer) => answer,
        Err(failure) => return retry(failure),
    };
    let reason = || ["status ", &answer.status.to_string()].concat();
    match (adapter.is_revoked(&answer), answer.status) {
        (Some(true), status) => Delivery::Delivered { status },
        (_, status @ (400..=407 | 409..=428)) => Delivery::Dead { status: Some(status), reason: reason() },
        (_, status) => Delivery::Retry { status: Some(status), after_s: answer.retry_after, reason: reason() },
    }
}

fn retry(failure: HttpFailure) -> Delivery {
    let reason = match failure {
        HttpFailure::Timeout => "timeout".to_owned(),
        HttpFailure::Connection(why) => why,
    };
    Delivery::Retry { status: None, after_s: None, reason }
}
