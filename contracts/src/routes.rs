use edge::{Function, Root, Trigger};

use crate::FUNCTIONS;

/// The example host of the manifest; a deployment puts its own in its place.
pub const HOST: &str = "api.oree.example";

/// The route patterns that a function is registered under.
///
/// Always `/x*`, never `/x/*` beside it: the query string takes part in matching, so `/x` alone would miss `/x?y=1`, and
/// the edge wrongly prefers `/x*` to `/x/*`.
pub fn patterns(function: &Function) -> Vec<String> {
    patterns_at(HOST, function)
}

/// The same on another host.
pub(crate) fn patterns_at(host: &str, function: &Function) -> Vec<String> {
    match function.trigger {
        Trigger::Http => function.root.prefixes().iter().map(|prefix| [host, prefix, &function.route(), "*"].concat()).collect(),
        Trigger::Fallback => {
            let all: Vec<&str> = Root::ALL.iter().flat_map(|root| root.prefixes()).copied().collect();
            // `/api*` covers `/api/v1` too. What a function owns whole is its own to refuse.
            let widest = all.iter().filter(|prefix| !all.iter().any(|other| other != *prefix && prefix.starts_with(other)));
            let owners = FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http);
            let owned: Vec<String> = owners.flat_map(|function| patterns_at(host, function)).collect();
            widest.map(|prefix| [host, prefix, "*"].concat()).filter(|pattern| !owned.contains(pattern)).collect()
        }
        Trigger::Cron { .. } | Trigger::Clock { .. } => Vec::new(),
    }
}

/// How specific the edge takes a pattern to be, as in its own matcher; of two that match, the higher one wins, and of
/// equals the longer.
pub fn score(pattern: &str) -> (usize, usize) {
    let (host, path) = pattern.split_once('/').unwrap_or((pattern, ""));
    let labels: Vec<&str> = host.split('.').collect();
    let segments: Vec<&str> = path.split('/').collect();
    let open = |end: Option<&&str>| if end == Some(&"*") { 2 } else { 0 };
    let hosts = labels.len().saturating_sub(open(labels.first()));
    let paths = segments.len().saturating_sub(open(segments.last()));
    (hosts * 26 + paths, pattern.len())
}
