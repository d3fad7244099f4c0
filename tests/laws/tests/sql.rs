//! Statements: each one fits the schema, and no request makes more round trips than its contract says.

use std::fs;
use std::path::{Path, PathBuf};

use contracts::FUNCTIONS;
use laws::subjects;
use syn::visit::Visit;
use testing::{App, variable};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Rust sources below a folder.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .flat_map(|path| match path.is_dir() {
            true => sources(&path),
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

#[derive(Default)]
struct Statements(Vec<(String, String)>);

impl<'ast> Visit<'ast> for Statements {
    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        let is_sql =
            matches!(&*item.ty, syn::Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Sql"));
        if let syn::Expr::Call(call) = &*item.expr
            && is_sql
            && let Some(syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. })) = call.args.first()
        {
            self.0.push((item.ident.to_string(), text.value()));
        }
    }
}

/// Every constant of type `Sql` in functions and shared crates.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in sources(&root().join("functions")).into_iter().chain(sources(&root().join("shared"))) {
        if file.ends_with("tests.rs") || file.parent().is_some_and(|folder| folder.ends_with("tests")) {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let mut statements = Statements::default();
        statements.visit_file(&syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display())));
        let place = file.strip_prefix(root()).unwrap().display().to_string();
        found.extend(statements.0.into_iter().map(|(name, text)| (format!("{place} {name}"), text)));
    }
    found
}

#[tokio::test]
async fn every_statement_prepares_against_the_migrated_schema() {
    let owner = testing::database().await;
    let statements = statements();
    let with_statements = FUNCTIONS.iter().filter(|function| function.endpoints.iter().any(|endpoint| endpoint.sql > 0));
    assert!(statements.len() >= with_statements.count(), "the scan found too little: {statements:?}");
    for (name, text) in statements {
        if let Err(error) = owner.prepare(&text).await {
            panic!("{name}: {error:?}");
        }
    }
}

#[test]
fn no_statement_is_made_from_strings() {
    for file in sources(&root().join("functions")) {
        let text = fs::read_to_string(&file).unwrap();
        for made in ["Sql::new(format!", "Sql::new(&", "Sql::new(concat"] {
            assert!(!text.replace([' ', '\n'], "").contains(made), "{}: {made}", file.display());
        }
    }
}

#[tokio::test]
async fn no_request_makes_more_round_trips_than_its_contract_says() {
    let app = App::edge();
    let gateway = variable("SQL_URL").replace("/sql", "");
    for subject in subjects().iter().filter(|subject| !subject.is_signed()) {
        let person = subject.person().await;
        let call = subject.call(&app, &person.id.to_string());
        let answer = if subject.is_public() { call.send().await } else { call.by(&person).send().await };
        assert!(answer.status < 500, "{}: {answer:?}", subject.name());
        let id = answer.header("x-request-id").unwrap();
        let counted: serde_json::Value = reqwest::get(format!("{gateway}/counts/{id}")).await.unwrap().json().await.unwrap();
        let counted = counted["count"].as_u64().unwrap();
        assert!(counted <= u64::from(subject.endpoint.sql), "{}: {counted} round trips", subject.name());
        if subject.endpoint.sql > 0 && answer.status < 300 {
            assert!(counted > 0, "{}: succeeded without the database", subject.name());
        }
    }
}
