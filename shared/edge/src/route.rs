//! Which endpoint of a function a path means.

use crate::contract::Endpoint;
use crate::request::decode;

/// Every path has these forms; the first is the canonical one.
pub const PREFIXES: [&str; 3] = ["/api/v1", "/api", "/s2s_api_v1"];

pub enum Found {
    Endpoint(&'static Endpoint, Vec<(String, String)>),
    /// The path is known, the method is not: the methods that are.
    OtherMethods(Vec<&'static str>),
    Nothing,
    NotUtf8,
}

/// Finds the endpoint for a method and a path as sent. A literal segment beats a parameter; `HEAD` is answered by `GET`.
pub fn find(endpoints: &'static [Endpoint], method: &str, path: &str) -> Found {
    let Some(path) = PREFIXES.iter().find_map(|prefix| path.strip_prefix(prefix).filter(|rest| rest.starts_with('/'))) else {
        return Found::Nothing;
    };
    let sent: Vec<&str> = path[1..].split('/').collect();
    let fitting = |endpoint: &&Endpoint| fits(endpoint.path, &sent);
    let literals = |endpoint: &Endpoint| endpoint.path.split('/').filter(|part| !part.starts_with('{')).count();
    let Some(most) = endpoints.iter().filter(fitting).map(literals).max() else {
        return Found::Nothing;
    };
    let candidates: Vec<_> = endpoints.iter().filter(fitting).filter(|endpoint| literals(endpoint) == most).collect();
    let wanted = if method == "HEAD" { "GET" } else { method };
    let Some(endpoint) = candidates.iter().find(|endpoint| endpoint.method == wanted) else {
        return Found::OtherMethods(candidates.iter().map(|endpoint| endpoint.method).collect());
    };
    let mut parameters = Vec::new();
    for (part, value) in endpoint.path[1..].split('/').zip(sent) {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            let Some(value) = decode(value) else { return Found::NotUtf8 };
            parameters.push((name.to_owned(), value));
        }
    }
    Found::Endpoint(endpoint, parameters)
}

fn fits(template: &str, sent: &[&str]) -> bool {
    let parts = template[1..].split('/');
    parts.clone().count() == sent.len()
        && parts.zip(sent).all(|(part, value)| if part.starts_with('{') { !value.is_empty() } else { part == *value })
}
