//! Which endpoint of a function a path means.

use crate::contract::Endpoint;
use crate::request::decode;

/// Below what the paths of a function stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Root {
    /// `/api/v1`, and as aliases `/api` and `/s2s_api_v1`.
    Api,
    /// `/functions/v1`, where front ends that were written for Supabase call functions.
    Functions,
    /// `/admin`: pages for those who run this.
    Admin,
}

impl Root {
    pub const ALL: [Root; 3] = [Root::Api, Root::Functions, Root::Admin];

    /// Every path has these forms; the first is the canonical one.
    pub const fn prefixes(self) -> &'static [&'static str] {
        match self {
            Root::Api => &["/api/v1", "/api", "/s2s_api_v1"],
            Root::Functions => &["/functions/v1"],
            Root::Admin => &["/admin"],
        }
    }

    pub const fn prefix(self) -> &'static str {
        self.prefixes()[0]
    }

    /// A path of a function as it is called: `/` is the root itself.
    pub fn path(self, path: &str) -> String {
        if path == "/" { self.prefix().to_owned() } else { [self.prefix(), path].concat() }
    }

    /// Whether a path stands below one of ours.
    pub fn is_below_any(path: &str) -> bool {
        Root::ALL.iter().any(|root| root.below(path).is_some())
    }

    pub(crate) fn below(self, path: &str) -> Option<&str> {
        self.prefixes().iter().find_map(|prefix| match path.strip_prefix(prefix)? {
            "" => Some("/"),
            rest => Some(rest).filter(|rest| rest.starts_with('/')),
        })
    }
}

pub enum Found {
    Endpoint(&'static Endpoint, Vec<(String, String)>),
    /// The path is known, the method is not: the methods that are.
    OtherMethods(Vec<&'static str>),
    Nothing,
    NotUtf8,
}

/// The name of a parameter segment of a template and the literal text that it ends in: `{user_id}.svg`.
pub fn parameter(part: &str) -> Option<(&str, &str)> {
    part.strip_prefix('{')?.split_once('}')
}

/// Finds the endpoint for a method and a path as sent. A literal segment beats a parameter, and a parameter with a literal
/// ending one without; `HEAD` is answered by `GET`.
pub fn find(root: Root, endpoints: &'static [Endpoint], method: &str, path: &str) -> Found {
    let Some(path) = root.below(path) else { return Found::Nothing };
    let sent: Vec<&str> = path[1..].split('/').collect();
    let fitting = |endpoint: &&Endpoint| fits(endpoint.path, &sent);
    let Some(most) = endpoints.iter().filter(fitting).map(|endpoint| literalness(endpoint.path)).max() else {
        return Found::Nothing;
    };
    let candidates: Vec<_> = endpoints.iter().filter(fitting).filter(|endpoint| literalness(endpoint.path) == most).collect();
    let wanted = if method == "HEAD" { "GET" } else { method };
    let Some(endpoint) = candidates.iter().find(|endpoint| endpoint.method == wanted) else {
        return Found::OtherMethods(candidates.iter().map(|endpoint| endpoint.method).collect());
    };
    let mut parameters = Vec::new();
    for (part, value) in endpoint.path[1..].split('/').zip(sent) {
        if let Some((name, ending)) = parameter(part) {
            let Some(value) = decode(value.strip_suffix(ending).unwrap_or(value)) else { return Found::NotUtf8 };
            parameters.push((name.to_owned(), value));
        }
    }
    Found::Endpoint(endpoint, parameters)
}

fn fits(template: &str, sent: &[&str]) -> bool {
    let parts = template[1..].split('/');
    parts.clone().count() == sent.len()
        && parts.zip(sent).all(|(part, value)| match parameter(part) {
            Some((_, ending)) => value.len() > ending.len() && value.ends_with(ending),
            None => part == *value,
        })
}

fn literalness(template: &str) -> usize {
    let of = |part: &str| match parameter(part) {
        None => 2,
        Some((_, "")) => 0,
        Some(_) => 1,
    };
    template.split('/').map(of).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, Person, Reply, Result};

    crate::function! {
        /// One of everything.
        GET "/things/{id}"          => any, auth: Person, limit: none, reads, sql: 0;
        /// The same as a picture.
        GET "/things/{id}.svg"      => any, auth: Person, limit: none, reads, sql: 0;
        /// A literal.
        GET "/things/all"           => any, auth: Person, limit: none, reads, sql: 0;
    }

    async fn any(_: Context, _: Person) -> Result<Reply<()>> {
        Ok(Reply::new(()))
    }

    fn found(path: &str) -> Option<(&'static str, Vec<(String, String)>)> {
        match find(FUNCTION.root, FUNCTION.endpoints, "GET", path) {
            Found::Endpoint(endpoint, parameters) => Some((endpoint.path, parameters)),
            _ => None,
        }
    }

    fn id(value: &str) -> Vec<(String, String)> {
        vec![("id".to_owned(), value.to_owned())]
    }

    #[test]
    fn a_parameter_may_end_in_a_literal() {
        assert_eq!(found("/api/v1/things/7"), Some(("/things/{id}", id("7"))));
        assert_eq!(found("/api/v1/things/7.svg"), Some(("/things/{id}.svg", id("7"))));
        assert_eq!(found("/api/v1/things/%C3%A9.svg"), Some(("/things/{id}.svg", id("é"))));
        assert_eq!(found("/api/v1/things/7.png"), Some(("/things/{id}", id("7.png"))));
        assert_eq!(found("/api/v1/things/.svg"), Some(("/things/{id}", id(".svg"))), "a parameter is never empty");
        assert_eq!(found("/api/v1/things/all"), Some(("/things/all", Vec::new())));
        assert_eq!(found("/api/v1/things/"), None);
    }
}
