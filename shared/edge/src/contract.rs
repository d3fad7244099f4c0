use crate::Error;
use crate::call::Call;
use crate::caller::SqlRole;
use crate::config::{PLATFORM, Secrets};
use crate::reply::Answer;
use crate::route::Root;
use crate::settings::{Settings, Variable};
use futures::future::LocalBoxFuture;

/// What one function is, said in its first lines by [`function!`](crate::function).
pub struct Function {
    /// The package, `rise-kaizen`; also the name of the deployed Worker.
    pub package: &'static str,
    #[cfg(not(target_arch = "wasm32"))]
    pub about: &'static str,
    pub trigger: Trigger,
    pub root: Root,
    pub purpose: Option<Purpose>,
    pub endpoints: &'static [Endpoint],
    /// Settings beside those that its callers imply.
    pub uses: &'static [&'static Settings],
    /// How secrets are read and judged; a function without endpoints has none.
    pub secrets: Option<&'static Secrets>,
}

/// Why a function reads rows that came from outside, whose terms allow one thing and not another (`edge.readable_since`). Without
/// one it reads its caller's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A model is told; implied by settings that open one.
    Ai,
    /// Numbers about many people.
    Aggregates,
    Leaderboards,
    /// To fetch, purge, export or erase.
    Upkeep,
}

impl Purpose {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Purpose::Ai => "ai",
            Purpose::Aggregates => "aggregates",
            Purpose::Leaderboards => "leaderboards",
            Purpose::Upkeep => "upkeep",
        }
    }

    /// The purpose of a function that uses these settings. Nothing else may be said where one of them opens a model.
    #[doc(hidden)]
    pub const fn of(said: Option<Purpose>, uses: &[&Settings]) -> Option<Purpose> {
        if !opens_model(uses) {
            return said;
        }
        assert!(matches!(said, None | Some(Purpose::Ai)), "a function with a model's key reads for it");
        Some(Purpose::Ai)
    }
}

const fn opens_model(uses: &[&Settings]) -> bool {
    let mut at = 0;
    while at < uses.len() {
        if uses[at].model || opens_model(uses[at].with) {
            return true;
        }
        at += 1;
    }
    false
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// Requests below a literal path.
    Http,
    /// Requests that no other function answers.
    Fallback,
    /// Called by `operations-tick` when due.
    Cron { name: &'static str, every_seconds: u32, budget: u32 },
    /// The runtime's own clock.
    Clock { cron: &'static str },
}

/// One verb on one path (without prefix), or the one operation of a cron job.
pub struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    /// The handler's name; with the package it is the operation id.
    pub operation: &'static str,
    #[cfg(not(target_arch = "wasm32"))]
    pub about: &'static str,
    pub caller: &'static str,
    pub role: SqlRole,
    pub limit: Limit,
    pub access: Access,
    /// Status of success.
    pub reply: u16,
    /// Other statuses that a handler may answer without an error, such as 200 for a repeated creation.
    pub also: &'static [u16],
    /// SQL round trips at most.
    pub sql: u32,
    /// Largest body, in bytes.
    pub body: usize,
    /// The handler answers repeats under one `Idempotency-Key` itself; elsewhere the frame does: see [`Endpoint::takes_key`].
    pub idempotent: bool,
    /// What is sent is heard by a function that may answer it, before limit, quota and database: see [`Gate`](crate::Gate).
    pub is_gated: bool,
    pub invoke: fn(Call) -> LocalBoxFuture<'static, Result<Answer, Error>>,
    /// Headers that callers send or read beside those that the rest of the contract implies.
    #[cfg(not(target_arch = "wasm32"))]
    pub headers: &'static [crate::describe::Header],
    /// What the handler or its SQL may refuse, beside what the rest of the contract implies.
    pub refuses: &'static [crate::Refusal],
    #[cfg(not(target_arch = "wasm32"))]
    pub describe: fn(&mut schemars::SchemaGenerator) -> crate::describe::Shape,
}

/// Whether an operation changes anything. Reading another person's data as admin does: it writes the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Its batches are READ ONLY and may be repeated after a lost answer.
    Reads,
    Writes,
}

/// Requests per minute, per person or address. Four classes, each one rate-limit binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    per_minute: u16,
    /// What a call too many is answered: 429, or 503 for clients that take a 429 for their user's fault.
    pub status: u16,
}

impl Limit {
    pub const NONE: Limit = Limit { per_minute: 0, status: 429 };

    /// One of the classes 10, 60, 300 and 1200; anything else does not compile.
    pub const fn per_minute(requests: u16) -> Limit {
        assert!(matches!(requests, 10 | 60 | 300 | 1200), "a limit is none, 10, 60, 300 or 1200 per minute");
        Limit { per_minute: requests, status: 429 }
    }

    /// `limit: 300 or 503`.
    #[must_use]
    pub const fn or(self, status: u16) -> Limit {
        assert!(status == 503, "a call too many is answered 429, or 503");
        Limit { status, ..self }
    }

    /// Requests per minute; `None` where there is no limit.
    pub fn requests(self) -> Option<u16> {
        (self.per_minute > 0).then_some(self.per_minute)
    }

    /// What all addresses of one IPv6 network may do together, where nobody is known: well above what one subscriber may, for a
    /// network can be a whole town's.
    pub fn of_network(self) -> Limit {
        let per_minute = match self.per_minute {
            0 => 0,
            10 => 300,
            _ => 1200,
        };
        Limit { per_minute, ..self }
    }

    /// What a gate may hear, which no quota narrows.
    pub(crate) fn of_gate(self) -> Limit {
        Limit { per_minute: 1200, ..self }
    }

    pub(crate) fn binding(self) -> Option<&'static str> {
        match self.per_minute {
            10 => Some("LIMIT_10"),
            60 => Some("LIMIT_60"),
            300 => Some("LIMIT_300"),
            1200 => Some("LIMIT_1200"),
            _ => None,
        }
    }
}

impl Endpoint {
    /// Whether its caller is a person, known by a token.
    pub fn needs_token(&self) -> bool {
        self.caller != "Public" && !self.caller.starts_with("Signed")
    }

    /// Whether `Idempotency-Key` is heard: by what a person makes (`POST`). `PUT` and `DELETE` may be repeated as they are.
    pub fn takes_key(&self) -> bool {
        let is_persons = self.role == SqlRole::Authenticated && self.access == Access::Writes && self.sql > 0;
        self.idempotent || (is_persons && self.method == "POST")
    }
}

impl Function {
    /// The literal path that this function owns: what its endpoints' paths have in common before the first parameter.
    pub fn route(&self) -> String {
        let literal = |path: &'static str| path.split('/').take_while(|part| !part.starts_with('{'));
        let Some((first, rest)) = self.endpoints.split_first() else { return String::new() };
        let mut common: Vec<_> = literal(first.path).collect();
        for endpoint in rest {
            let same = common.iter().zip(literal(endpoint.path)).take_while(|(a, b)| **a == *b).count();
            common.truncate(same);
        }
        common.join("/")
    }

    /// Everything that it needs from the environment, each once: what it names and what its callers imply.
    pub fn needs(&self) -> Vec<&'static Settings> {
        let mut needs = vec![&PLATFORM];
        if let Some(secrets) = self.secrets {
            needs.extend(self.endpoints.iter().flat_map(secrets.implied));
        }
        needs.extend(self.uses);
        let mut each: Vec<&'static Settings> = Vec::new();
        for settings in needs.into_iter().flat_map(Settings::all) {
            if !each.iter().any(|known| std::ptr::eq(*known, settings)) {
                each.push(settings);
            }
        }
        each
    }

    /// The variables that it is given.
    pub fn variables(&self) -> impl Iterator<Item = &'static Variable> + use<> {
        self.needs().into_iter().flat_map(|settings| settings.variables)
    }
}

/// Declares a function: its endpoints or its job, who may call them, how often, and what they use. Comes first in the
/// file. See `shared/edge/README.md` for every form and for what it expands to.
#[macro_export]
macro_rules! function {
    (
        $(#![doc = $about:literal])*
        FALLBACK;
    ) => {
        $crate::function!(@function [$($about)*] $crate::Trigger::Fallback, $crate::Root::Api, None, [], [], None);
        $crate::function!(@fetch);
    };
    (
        $(#![doc = $about:literal])*
        CRON $name:literal every $every:literal => $handler:ident, budget: $budget:literal;
        $(purpose: $purpose:ident;)?
        $(uses: [$($use:path),* $(,)?])?
    ) => {
        $crate::function!(
            @function [$($about)*]
            $crate::Trigger::Cron { name: $name, every_seconds: $crate::every($every), budget: $budget },
            $crate::Root::Api,
            $crate::function!(@purpose $($purpose)?),
            [$crate::function!(@endpoint [$($about)*] ("POST") ("/") $handler ($crate::Tick) ($crate::Limit::NONE) writes (200) ($budget) (0) (false) [] [] [] [])],
            [$($(&$use),*)?],
            Some(&$crate::expansion::SECRETS)
        );
        $crate::function!(@fetch);
    };
    (
        $(#![doc = $about:literal])*
        CLOCK $cron:literal => $handler:ident, budget: $budget:literal;
        $(purpose: $purpose:ident;)?
        $(uses: [$($use:path),* $(,)?])?
    ) => {
        $crate::function!(
            @function [$($about)*]
            $crate::Trigger::Clock { cron: $cron },
            $crate::Root::Api,
            $crate::function!(@purpose $($purpose)?),
            [$crate::function!(@endpoint [$($about)*] ("POST") ("/") $handler ($crate::Tick) ($crate::Limit::NONE) writes (200) ($budget) (0) (false) [] [] [] [])],
            [$($(&$use),*)?],
            Some(&$crate::expansion::SECRETS)
        );
        $crate::function!(@fetch);
        $crate::function!(@scheduled);
    };
    (
        $(#![doc = $about:literal])*
        $(root: $root:ident;)?
        $(purpose: $purpose:ident;)?
        $(
            $(#[doc = $does:literal])+
            $method:ident $path:literal => $handler:ident, auth: $caller:ty, limit: $limit:tt $(or $over:literal)?, $access:ident
                $(, reply: $reply:literal $(or $also:literal)*)? $(, sql: $sql:literal)? $(, body: $body:literal)? $(, idempotent $(=> $never:ident)?)? $(, gate: $gate:path)?
                $(, headers: [$($header:ident),* $(,)?])? $(, refuses: [$($refusal:path),* $(,)?])?;
        )+
        $(uses: [$($use:path),* $(,)?])?
    ) => {
        $crate::function!(
            @function [$($about)*]
            $crate::Trigger::Http,
            $crate::function!(@root $($root)?),
            $crate::function!(@purpose $($purpose)?),
            [$($crate::function!(
                @endpoint [$($does)*] (stringify!($method)) ($path) $handler ($caller) ($crate::function!(@limit $limit $($over)?)) $access
                ($crate::function!(@or $($reply)?, 200))
                ($crate::function!(@or $($sql)?, 1))
                ($crate::function!(@or $($body)?, 65_536))
                ($crate::function!(@flag $(idempotent $($never)?)?))
                [$($gate)?]
                [$($($also),*)?]
                [$($($header),*)?]
                [$($($refusal),*)?]
            )),+],
            [$($(&$use),*)?],
            Some(&$crate::expansion::SECRETS)
        );
        // Named, so that an import is not idle where the contract is without them.
        #[cfg(target_arch = "wasm32")]
        const _: &[&[$crate::Refusal]] = &[$(&[$($($refusal),*)?]),+];
        $crate::function!(@fetch);
    };
    (@function [$($about:literal)*] $trigger:expr, $root:expr, $purpose:expr, [$($endpoint:expr),*], [$($use:expr),*], $secrets:expr) => {
        /// This function's contract.
        pub static FUNCTION: $crate::Function = $crate::Function {
            package: env!("CARGO_PKG_NAME"),
            #[cfg(not(target_arch = "wasm32"))]
            about: concat!($($about),*),
            trigger: $trigger,
            root: $root,
            purpose: $crate::Purpose::of($purpose, &[$($use),*]),
            endpoints: &[$($endpoint),*],
            uses: &[$($use),*],
            secrets: $secrets,
        };
    };
    (
        @endpoint [$($about:literal)*] ($method:expr) ($path:literal) $handler:ident ($caller:ty) ($limit:expr) $access:ident
        ($reply:expr) ($sql:expr) ($body:expr) ($idempotent:expr) [$($gate:path)?] [$($also:literal),*] [$($header:ident),*] [$($refusal:path),*]
    ) => {
        $crate::Endpoint {
            method: $method,
            path: $path,
            operation: stringify!($handler),
            #[cfg(not(target_arch = "wasm32"))]
            about: concat!($($about),*),
            caller: stringify!($caller),
            role: <$caller as $crate::Caller>::ROLE,
            limit: $limit,
            access: $crate::function!(@access $access),
            reply: $reply,
            also: &[$($also),*],
            sql: $sql,
            body: $body,
            idempotent: $idempotent,
            is_gated: $crate::function!(@is_gated $($gate)?),
            invoke: |call| $crate::function!(@run call $caller, $handler $(, $gate)?),
            #[cfg(not(target_arch = "wasm32"))]
            headers: &[$($crate::describe::Header::$header),*],
            refuses: &[$($refusal),*],
            #[cfg(not(target_arch = "wasm32"))]
            describe: |generator| $crate::describe::shape::<$caller, _, _>(generator, $handler),
        }
    };
    (@root) => { $crate::Root::Api };
    (@root $root:ident) => { $crate::Root::$root };
    (@purpose) => { None };
    (@purpose $purpose:ident) => { Some($crate::Purpose::$purpose) };
    (@limit none) => { $crate::Limit::NONE };
    (@limit $limit:literal) => { $crate::Limit::per_minute($limit) };
    (@limit $limit:literal $over:literal) => { $crate::Limit::per_minute($limit).or($over) };
    (@access reads) => { $crate::Access::Reads };
    (@access writes) => { $crate::Access::Writes };
    (@or , $default:literal) => { $default };
    (@or $given:literal, $default:literal) => { $given };
    (@flag) => { false };
    (@flag idempotent) => { true };
    (@is_gated) => { false };
    (@is_gated $gate:path) => { true };
    (@run $call:ident $caller:ty, $handler:ident) => { $crate::run::<$caller, _, _>($call, $handler) };
    (@run $call:ident $caller:ty, $handler:ident, $gate:path) => { $crate::run_gated::<$caller, _, _>($call, $handler, $gate) };
    (@fetch) => {
        #[cfg(target_arch = "wasm32")]
        mod fetch {
            use $crate::expansion::wasm_bindgen;
            use $crate::expansion::wasm_bindgen::prelude::wasm_bindgen;

            /// Answers one request; called by `shim.js`.
            #[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
            pub fn fetch(method: String, url: String, headers: String, call: wasm_bindgen::JsValue) {
                $crate::expansion::fetch(&super::FUNCTION, method, url, headers, call);
            }

            /// Calls an endpoint before anybody does; called by `shim.js`.
            #[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
            pub fn rehearse(operation: &str, path: &str, length: u32, call: wasm_bindgen::JsValue) {
                $crate::expansion::rehearse(&super::FUNCTION, operation, path, length, call);
            }
        }
    };
    (@scheduled) => {
        #[cfg(target_arch = "wasm32")]
        mod scheduled {
            use $crate::expansion::wasm_bindgen;
            use $crate::expansion::wasm_bindgen::prelude::wasm_bindgen;

            /// Answers one tick of the runtime's clock; called by `shim.js`.
            #[wasm_bindgen(wasm_bindgen = wasm_bindgen)]
            pub fn scheduled(event: wasm_bindgen::JsValue, env: wasm_bindgen::JsValue, call: wasm_bindgen::JsValue) {
                ::clock::scheduled(&super::FUNCTION, event.into(), env, call);
            }
        }
    };
}

/// Seconds of a period such as `5m`, `1h` or `1d`; used in contracts, so a wrong one does not compile.
#[doc(hidden)]
pub const fn every(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut number = 0;
    let mut at = 0;
    while at + 1 < bytes.len() {
        assert!(bytes[at].is_ascii_digit(), "a period is digits and one of m, h, d");
        number = number * 10 + (bytes[at] - b'0') as u32;
        at += 1;
    }
    let unit = match bytes[at] {
        b'm' => 60,
        b'h' => 3600,
        b'd' => 86400,
        _ => 0,
    };
    assert!(number * unit > 0, "a period is digits and one of m, h, d");
    number * unit
}
