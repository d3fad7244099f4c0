//! The public contract: what callers rely on stays, and each refusal is said in one way.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{FUNCTIONS, promised, published, seen_refusals};
use edge::{Purpose, Refusal, refusal};
use migrate::Tree;
use syn::visit::Visit;

use crate::sql::{root, sources};

#[test]
fn a_published_name_stays() {
    let gone: Vec<String> = promised().difference(&published()).cloned().collect();
    assert!(
        gone.is_empty(),
        "callers rely on these: restore them, or delete their lines in {} and write a line into CHANGELOG.md: {gone:#?}",
        contracts::PUBLISHED
    );
}

#[test]
fn whoever_has_a_models_key_reads_for_it() {
    let purpose = |package: &str| FUNCTIONS.iter().find(|function| function.package == package).unwrap().purpose;
    assert_eq!(purpose("grimoire-generate-scene"), Some(Purpose::Ai));
    assert_eq!(purpose("operations-purge"), Some(Purpose::Upkeep));
    assert_eq!(purpose("rise-kaizen"), None);
    for function in FUNCTIONS {
        let opens_model = function.needs().iter().any(|settings| settings.model);
        assert_eq!(function.purpose == Some(Purpose::Ai), opens_model, "{}", function.package);
    }
}

/// Every refusal in the sources: code, and where it stands.
fn written() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in sources(&root().join("functions")).into_iter().chain(sources(&root().join("shared"))) {
        let text = std::fs::read_to_string(&file).unwrap();
        for block in text.split("refusals! {\n").skip(1) {
            for line in block.lines().take_while(|line| *line != "}") {
                if let Some((_, rest)) = line.split_once(": ").filter(|_| !line.trim_start().starts_with("//"))
                    && let Some(code) = rest.split('"').nth(1)
                {
                    found.push((code.to_owned(), file.strip_prefix(root()).unwrap().display().to_string()));
                }
            }
        }
    }
    found
}

#[test]
fn a_code_has_one_status_and_one_sentence_in_one_place() {
    let written = written();
    assert!(written.len() > 50, "the scan found too little: {written:?}");
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (code, place) in &written {
        places.entry(code).or_default().push(place);
    }
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "these stand in several places: {places:#?}");
}

#[test]
fn every_refusal_is_said_by_some_contract() {
    let said: BTreeSet<&str> = FUNCTIONS
        .iter()
        .flat_map(|function| function.endpoints)
        .flat_map(|endpoint| endpoint.refusals())
        .map(|r| r.message.code)
        .collect();
    // What the frame answers where there is no endpoint, where a contract says `limit: … or 503`, and to bodies that are not JSON.
    let frame = [
        refusal::NOT_FOUND,
        refusal::METHOD_NOT_ALLOWED,
        refusal::BAD_TIME_ZONE,
        refusal::OVER_LIMIT,
        refusal::MALFORMED_TEXT,
        refusal::MALFORMED_FORM,
    ]
    .map(|refusal| refusal.code());
    let silent: Vec<_> =
        written().into_iter().filter(|(code, _)| !said.contains(code.as_str()) && !frame.contains(&code.as_str())).collect();
    assert!(silent.is_empty(), "no contract names these: {silent:?}");
}

#[test]
fn each_refusal_of_a_contract_was_seen_in_a_test() {
    let seen = seen_refusals(true);
    // What a shared crate of the area says for several functions is met in a test of one of them.
    let of_area = |area: &str| -> BTreeSet<String> {
        let functions = FUNCTIONS.iter().filter(|function| contracts::area(function) == area);
        functions
            .flat_map(|function| function.endpoints)
            .filter_map(|endpoint| seen.get(endpoint.operation))
            .flatten()
            .cloned()
            .collect()
    };
    let mut missing = Vec::new();
    for function in FUNCTIONS {
        let codes = of_area(contracts::area(function));
        for endpoint in function.endpoints {
            let unseen = endpoint.refuses.iter().filter(|refusal| !codes.contains(refusal.code()));
            missing.extend(unseen.map(|refusal| format!("{} {}", endpoint.operation, refusal.code())));
        }
    }
    assert!(missing.is_empty(), "write a test that meets each of these: {missing:#?}");
}

#[test]
fn an_operation_has_a_name_of_its_own() {
    let mut names = BTreeMap::new();
    for function in FUNCTIONS.iter().filter(|function| function.trigger == edge::Trigger::Http) {
        for endpoint in function.endpoints {
            if let Some(other) = names.insert(endpoint.operation, function.package) {
                panic!("{} is an operation of {other} and of {}", endpoint.operation, function.package);
            }
        }
    }
}

/// What SQL functions raise only where our own code is wrong, or somebody changes tables by hand: a fault.
const FAULTS: [&str; 4] = ["append_only", "job_status_unknown", "outbox_outcome_unknown", "time_not_injected"];

#[test]
fn a_word_raised_in_sql_is_known_with_its_status() {
    let tree = Tree::read(&root()).unwrap();
    let named: Vec<Refusal> =
        FUNCTIONS.iter().flat_map(|function| function.endpoints).flat_map(|endpoint| endpoint.refuses).copied().collect();
    let mut raised = 0;
    for definition in &tree.definitions {
        for rest in definition.file.sql.split("errcode = 'OR").skip(1) {
            let (status, rest) = rest.split_once('\'').unwrap();
            let Some(word) = rest.strip_prefix(", message = '").and_then(|rest| rest.split('\'').next()) else { continue };
            // What a contract names may be raised by its SQL; other endpoints' tests meet a 500.
            let known = refusal::raised(word, &named).map(|refusal| refusal.status);
            let is_field = rest.split(';').next().is_some_and(|raise| raise.contains("field")) && status == "422";
            let known = if is_field && edge::validation::has_sentence(word) { Some(422) } else { known };
            assert!(
                known == status.parse().ok() || FAULTS.contains(&word),
                "{} raises {word} with {status}, which neither `RAISED` in shared/edge/src/refusal.rs nor a contract knows so: {known:?}",
                definition.file.path
            );
            raised += 1;
        }
    }
    assert!(raised > 15, "the scan found too little");
}

/// The codes that a file gives to wrong fields.
#[derive(Default)]
struct FieldCodes(Vec<String>);

impl<'ast> Visit<'ast> for FieldCodes {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if module.ident != "tests" {
            syn::visit::visit_item_mod(self, module);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        let path = match &*call.func {
            syn::Expr::Path(path) => path.path.segments.iter().map(|part| part.ident.to_string()).collect::<Vec<_>>().join("::"),
            _ => String::new(),
        };
        let gives = ["FieldError::new", "ValidationError::new", "refuse", "wrong"].iter().any(|name| path.ends_with(name));
        if let Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(code), .. })) = call.args.last().filter(|_| gives) {
            self.0.push(code.value());
        }
        syn::visit::visit_expr_call(self, call);
    }
}

#[test]
fn every_code_of_a_wrong_field_has_its_sentence() {
    let mut seen = 0;
    for file in sources(&root().join("functions")).into_iter().chain(sources(&root().join("shared"))) {
        if file.ends_with("tests.rs") || file.parent().is_some_and(|folder| folder.ends_with("tests")) {
            continue;
        }
        let mut codes = FieldCodes::default();
        codes.visit_file(&syn::parse_file(&std::fs::read_to_string(&file).unwrap()).unwrap());
        for code in codes.0 {
            let known = edge::validation::has_sentence(&code);
            assert!(known, "{} gives a field the code {code}, which has no sentence: use FieldError::says", file.display());
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn every_variable_is_declared_once() {
    let mut owners = BTreeMap::new();
    for settings in contracts::settings() {
        for variable in settings.variables {
            if let Some(other) = owners.insert(variable.name, settings.owner) {
                panic!("{} is declared by {other} and by {}", variable.name, settings.owner);
            }
            assert!(!variable.about.is_empty(), "{} does not say what it is for", variable.name);
        }
    }
    assert!(owners.len() > 30, "{owners:?}");
}

#[test]
fn what_an_area_has_to_send_is_sent_again_after_a_failure() {
    let run = std::fs::read_to_string(root().join("functions/operations/reconcile-jobs/src/lib.rs")).unwrap();
    let mut areas = 0;
    for folder in std::fs::read_dir(root().join("shared")).unwrap().flatten() {
        let Ok(sources) = std::fs::read_dir(folder.path().join("src")) else { continue };
        let has = sources
            .flatten()
            .any(|file| std::fs::read_to_string(file.path()).is_ok_and(|text| text.contains("impl Sender for ")));
        if has {
            let name = folder.file_name().into_string().unwrap();
            assert!(run.contains(&format!("&{name}::Messages")), "operations/reconcile-jobs lacks &{name}::Messages in SENDERS");
            areas += 1;
        }
    }
    assert!(areas >= 2, "{areas}");
}
