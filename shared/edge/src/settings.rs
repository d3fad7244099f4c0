//! What a setting of the environment is. Each stands in the crate that reads it, by [`settings!`](crate::settings), and reaches the
//! functions whose contracts name it: manifests, deploy checks and documents come from there.

use auth::Keys;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::config::Stage;

/// Settings that are given together: those of one outside service, or one part of the platform. [`settings!`](crate::settings)
/// makes them.
pub struct Settings {
    /// The package that declares them.
    pub owner: &'static str,
    pub variables: &'static [Variable],
    /// All of them are set, or none.
    pub together: bool,
    /// They open a model: whoever has them reads for [`Purpose::Ai`](crate::Purpose::Ai).
    pub model: bool,
    /// What whoever uses these needs as well.
    pub with: &'static [&'static Settings],
}

/// One setting of the environment.
pub struct Variable {
    pub name: &'static str,
    /// Not in wasm: documents are made of it.
    #[cfg(not(target_arch = "wasm32"))]
    pub about: &'static str,
    pub shape: Shape,
    /// Used where the environment says nothing. `None`: it must be set.
    pub default: Option<&'static str>,
    /// Uploaded as a secret, never written into a manifest.
    pub secret: bool,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// `http://…` or `https://…`
    Url,
    /// `postgres://…`
    Login,
    /// `kid:base64,…`, at least 32 bytes each.
    Keys,
    /// `kid:base64,…`, 32 bytes each.
    SealingKeys,
    /// Base64 of at least 32 bytes.
    Key,
    /// What another service knows too, 16 characters or more; several separated by commas where its variable says so.
    Secret,
    /// Words separated by commas; may be empty.
    List,
    Stage,
}

/// Declares settings, each with its shape, whether it is secret, its default (without one it must be set) and what it is for:
///
/// ```text
/// edge::settings! {
///     /// Our application at Strava.
///     pub STRAVA, together: {
///         "STRAVA_CLIENT_ID": Text = "", "the application's id; without id and secret it is not configured";
///         "STRAVA_CLIENT_SECRET": Secret secret = "", "the application's secret";
///     }
/// }
/// ```
///
/// A contract that says `uses: [strava::STRAVA]` has them in `ctx.setting`. `together`: all are set, or none. A group may begin
/// `with other::SETTINGS;`, which then come along.
#[macro_export]
macro_rules! settings {
    ($(
        $(#[$about:meta])*
        $visible:vis $name:ident $(, $flag:ident)*: {
            $(with $($with:path),+;)?
            $($variable:literal: $shape:ident $($secret:ident)? $(= $default:literal)?, $does:literal;)*
        }
    )+) => {$(
        $(#[$about])*
        $visible static $name: $crate::Settings = $crate::Settings {
            owner: env!("CARGO_PKG_NAME"),
            variables: &[$($crate::Variable {
                name: $variable,
                #[cfg(not(target_arch = "wasm32"))]
                about: $does,
                shape: $crate::Shape::$shape,
                default: $crate::settings!(@default $($default)?),
                secret: $crate::settings!(@secret $($secret)?),
            }),*],
            together: $crate::settings!(@together $($flag)*),
            model: $crate::settings!(@model $($flag)*),
            with: &[$($(&$with),+)?],
        };
    )+};
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@secret) => { false };
    (@secret secret) => { true };
    (@together) => { false };
    (@together together $($rest:ident)*) => { true };
    (@together $other:ident $($rest:ident)*) => { $crate::settings!(@together $($rest)*) };
    (@model) => { false };
    (@model model $($rest:ident)*) => { true };
    (@model $other:ident $($rest:ident)*) => { $crate::settings!(@model $($rest)*) };
}

impl Settings {
    /// These and what comes along with them.
    pub fn all(&'static self) -> Vec<&'static Settings> {
        let mut all = vec![self];
        all.extend(self.with.iter().flat_map(|with| with.all()));
        all
    }
}

/// Passwords of database logins and what services know are not typed by people.
const SHORTEST_PASSWORD: usize = 16;

/// What development uses, as lines of `NAME=value`: the one list of these values, which `xtask` reads too.
const SIMULATED: &str = include_str!("../../../dev/simulated.vars");

/// Why a secret of the right shape must not guard anything. Checked before a deployment, and in production once more by
/// every instance, which may have got its secrets another way.
pub fn weakness(variable: &Variable, value: &str) -> Option<&'static str> {
    if !variable.secret || value.is_empty() {
        return None;
    }
    match variable.shape {
        Shape::Keys | Shape::SealingKeys => {
            let mut keys = value.split(',').filter_map(|key| key.split_once(':'));
            let weak = keys.any(|(id, key)| id.trim() == "dev" || is_guessable(key));
            weak.then_some("holds a key that is not random, or that is called dev: make one with `openssl rand -base64 32`")
        }
        Shape::Key => is_guessable(value).then_some("is not random: make one with `openssl rand -base64 32`"),
        Shape::Login => {
            let password = value.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')?.0.split_once(':'));
            let short = password.is_none_or(|(_, password)| password.len() < SHORTEST_PASSWORD);
            short.then_some("has no password of 16 characters or more: make one with `openssl rand -hex 24`")
        }
        Shape::Secret => {
            let is_weak = |secret: &str| {
                secret.len() < SHORTEST_PASSWORD
                    || secret.starts_with("your_")
                    || distinct(secret.as_bytes()) < 8
                    || is_known(secret)
            };
            let weak = value.split(',').any(|secret| is_weak(secret.trim()));
            weak.then_some("is a placeholder or shorter than 16 characters: set the real one")
        }
        Shape::Text => is_known(value).then_some("is a placeholder: set the real one"),
        _ => None,
    }
}

/// What everybody knows.
fn is_known(value: &str) -> bool {
    let mut simulated = SIMULATED.lines().filter_map(|line| line.split_once('='));
    matches!(value, "secret" | "changeme") || simulated.any(|(_, known)| known == value)
}

/// Bytes that no generator of random numbers gives: few different ones, or all of them typed.
fn is_guessable(key: &str) -> bool {
    let bytes = BASE64_STANDARD.decode(key.trim()).unwrap_or_default();
    distinct(&bytes) < 16 || bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// How many different bytes there are.
fn distinct(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.into_iter().filter(|seen| *seen).count()
}

impl Shape {
    /// Whether a value has this shape.
    pub fn fits(self, value: &str) -> bool {
        match self {
            Shape::Login => value.starts_with("postgres://") || value.starts_with("postgresql://"),
            Shape::Keys => Keys::parse(value).is_ok(),
            Shape::SealingKeys => {
                let is_key = |entry: &str| {
                    let (id, key) = entry.trim().split_once(':').unwrap_or_default();
                    !id.is_empty() && BASE64_STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 32)
                };
                value.split(',').all(is_key)
            }
            Shape::Key => BASE64_STANDARD.decode(value).is_ok_and(|bytes| bytes.len() >= 32),
            open => open.fits_openly(value),
        }
    }

    /// Whether a value has this shape, where it is none of a secret's.
    pub(crate) fn fits_openly(self, value: &str) -> bool {
        match self {
            Shape::Url => value.starts_with("http://") || value.starts_with("https://"),
            Shape::Stage => Stage::parse(value).is_some(),
            _ => !value.contains(['\r', '\n']),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_secrets_both_must_be_good() {
        let variable = Variable { name: "X", about: "", shape: Shape::Secret, default: Some(""), secret: true };
        let [one, other] = ["5b1f0c9d3e7a2486f0d9", "c1b2a3e4f5670d9c1b2a"];
        assert_eq!(weakness(&variable, &[one, ", ", other].concat()), None);
        for bad in [[one, ",changeme"].concat(), [one, ","].concat(), "x".to_owned(), "whsec_test".to_owned()] {
            assert!(weakness(&variable, &bad).is_some(), "{bad}");
        }
    }
}
