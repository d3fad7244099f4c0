//! Every request reaches the function that owns its path.

use contracts::{FUNCTIONS, patterns, score};
use edge::{Root, Trigger};
use testing::App;

/// The function that the edge's own matcher chooses for a URL without scheme, query included.
pub fn chosen(url: &str) -> Option<&'static str> {
    let matching = FUNCTIONS.iter().flat_map(|function| {
        let fits = |pattern: &String| pattern.strip_suffix('*').map_or(url == pattern, |prefix| url.starts_with(prefix));
        patterns(function).into_iter().filter(fits).map(|pattern| (score(&pattern), function.package)).collect::<Vec<_>>()
    });
    matching.max().map(|(_, package)| package)
}

#[test]
fn the_edges_matcher_gives_every_endpoint_to_its_own_function() {
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        for endpoint in function.endpoints {
            let path = endpoint.path.replace(['{', '}'], "");
            for prefix in function.root.prefixes() {
                for query in ["", "?limit=1", "?next=/api/v1/health/x/y/z"] {
                    let url = format!("api.oree.example{prefix}{path}{query}");
                    assert_eq!(chosen(&url), Some(function.package), "{url}");
                }
            }
        }
    }
}

#[test]
fn no_two_functions_own_one_path() {
    let mut routes: Vec<String> =
        FUNCTIONS.iter().filter(|f| f.trigger == Trigger::Http).map(|f| [f.root.prefix(), &f.route()].concat()).collect();
    let all = routes.len();
    routes.sort();
    routes.dedup();
    assert_eq!(routes.len(), all);
    // Pages are one function's, whose home is the root itself.
    let roots = [Root::Api, Root::Functions].map(Root::prefix);
    assert!(
        routes.iter().all(|route| !roots.contains(&route.as_str())),
        "a function needs a literal path of its own: {routes:?}"
    );
}

#[tokio::test]
async fn what_no_function_owns_is_not_found_in_both_languages() {
    let app = App::edge();
    for path in [
        "/api/v1/nothing",
        "/api/nothing?x=1",
        "/s2s_api_v1/nothing",
        "/api/v1/healthy",
        "/api/v1/health/deeper",
        "/api/v1//health",
        "/functions/v1/nothing",
        "/functions/v1/health",
        "/admin/nothing",
    ] {
        let answer = app.call("GET", path).header("accept-language", "en").send().await;
        assert_eq!((answer.status, answer.json()["detail"].as_str()), (404, Some("Not found.")), "{path}");
        let answer = app.call("GET", path).send().await;
        assert_eq!(answer.json()["detail"], "Introuvable.", "{path}");
    }
}

#[tokio::test]
async fn a_known_path_with_another_method_says_which_methods_it_takes() {
    let answer = App::edge().call("DELETE", "/health").send().await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn every_prefix_is_an_alias() {
    for prefix in Root::Api.prefixes() {
        let answer = App::edge().get(&format!("{prefix}/health?live")).send().await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ok")), "{prefix}");
    }
}
