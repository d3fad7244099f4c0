use edge::auth::Role;
use futures::{StreamExt, stream};
use laws::Subject;
use serde_json::Value;
use testing::{App, Call};

use crate::scene::Scene;
use crate::tally::Tally;
use crate::verdict::{Expect, Verdict};
use crate::{callers, injection, requests, tokens};

/// Requests under way at once.
const AT_ONCE: usize = 24;

/// Not an attack itself: the look into the database after those on one endpoint.
pub const TRACES: &str = "traces in the database";

/// One request of an attacker.
pub struct Attack {
    pub kind: &'static str,
    pub label: String,
    pub call: Call,
    pub expect: Expect,
}

/// What the attacks on one endpoint are made of.
pub struct Target<'a> {
    pub app: &'a App,
    pub subject: &'a Subject,
    pub scene: &'a Scene,
}

impl Target<'_> {
    /// The role of a caller whom this endpoint lets in.
    pub(crate) fn role(&self) -> Role {
        if matches!(self.subject.endpoint.caller, "Admin" | "Privacy" | "Qa") { Role::Admin } else { Role::User }
    }

    /// Of attacks by a caller whom this endpoint lets in.
    pub(crate) fn harmless(&self) -> Expect {
        if self.role() == Role::Admin { Expect::Administrator } else { Expect::Harmless }
    }
}

/// The call, with a body where there is one, as the endpoint takes it.
pub(crate) fn with_body(subject: &Subject, call: Call, body: Option<Value>) -> Call {
    match body {
        Some(body) => subject.with_body(call, body),
        None => call,
    }
}

/// Carries out every attack on one endpoint.
pub async fn attack(target: &Target<'_>, tally: &mut Tally) {
    for (role, count) in [(Role::User, 900), (Role::Manager, 40), (Role::Admin, 900)] {
        target.scene.recruit(role, count).await;
    }
    target.scene.look().await;
    let attacks = [callers::attacks, tokens::attacks, injection::attacks, requests::attacks];
    let attacks = attacks.into_iter().flat_map(|attacks| attacks(target));
    let sent = attacks.map(|Attack { kind, label, call, expect }| async move { (kind, label, expect, call.try_send().await) });
    let mut answers = stream::iter(sent).buffer_unordered(AT_ONCE);
    let name = target.subject.name();
    while let Some((kind, label, expect, answer)) = answers.next().await {
        let label = format!("{name}: {label}");
        let verdict = match answer {
            Ok(answer) => target.scene.secrets.judge(expect, &answer),
            // The runtime hangs up on what it finds too large while that is still being sent.
            Err(_) if expect.allows_hanging_up() => Verdict::Held,
            Err(error) => Verdict::Breached(format!("no answer: {error:?}")),
        };
        tally.add(kind, &label, verdict);
    }
    tally.add(TRACES, &name, target.scene.evidence().await);
}
