//! `cargo xtask new rise/gratitude POST /rise/gratitude`: a function to begin with, which passes every check and law.

mod row;

use std::{collections::BTreeMap, fs, process::Command};

use anyhow::{Context, Result, bail, ensure};
use heck::{ToSnakeCase, ToUpperCamelCase};
use serde_json::Value;

use crate::{
    progress::Step,
    project::{Function, Project},
    sync,
};

/// Methods that a contract may name, with the verb that operations of theirs usually begin with.
const METHODS: [(&str, &str); 5] =
    [("GET", "get"), ("POST", "create"), ("PUT", "update"), ("PATCH", "update"), ("DELETE", "delete")];

/// Names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["utils", "common", "helpers", "core"];

/// First parts of a path that the edge's own prefixes begin with.
const PREFIXES: [&str; 4] = ["api", "v1", "s2s_api_v1", "functions"];

/// Makes a function with one endpoint, or with those of rows of its own where no `endpoint` is named.
///
/// # Errors
/// Where the name or the path will not do, in a sentence that says what would.
pub async fn run(project: &Project, name: &str, endpoint: Option<(&str, &str)>) -> Result<()> {
    let wanted = match endpoint {
        Some((method, path)) => Wanted::parse(name, method, path)?,
        None => Wanted::parse(name, "POST", &row::path(name))?,
    };
    let package = wanted.function.package();
    let folder = project.path("functions").join(&wanted.function.area).join(&wanted.function.name);
    ensure!(!folder.exists(), "functions/{name} exists already: add a line to its contract");
    let lock = fs::read_to_string(project.path("Cargo.lock")).context("Cargo.lock cannot be read")?;
    ensure!(!lock.contains(&format!("\nname = \"{package}\"\n")), "a package {package} exists already: choose another name");
    // Without functions there is nothing to write, nor anything owned.
    if project.functions().is_ok() {
        sync::run(project, false).await?;
        let registry = fs::read(project.path("build/registry.json")).context("build/registry.json, which sync writes")?;
        wanted.check_route(&owned_paths(&serde_json::from_slice(&registry)?))?;
    }

    let files = match endpoint {
        Some(_) => wanted.files(),
        None => row::files(project, &wanted)?,
    };
    fs::create_dir_all(folder.join("src"))?;
    let area = folder.with_file_name("README.md");
    if !area.exists() {
        fs::write(&area, format!("# {}\n\nWhat this area is for, and its words.\n", capitalised(&wanted.function.area)))?;
    }
    for (file, text) in files {
        fs::write(project.path(&file), text).with_context(|| format!("{file} cannot be written"))?;
    }
    let step = Step::start(format!("functions/{name}"));
    // Its module `tests` is formatted with it.
    let formatted = Command::new("rustfmt").args(["--edition", "2024"]).arg(folder.join("src/lib.rs")).status();
    ensure!(formatted.is_ok_and(|status| status.success()), "rustfmt failed: run `rustup component add rustfmt`");
    sync::run(project, false).await?;
    step.done("");
    println!("Fill it, then run: cargo xtask test -- -p {package} -p laws");
    Ok(())
}

/// What is asked for.
struct Wanted {
    function: Function,
    method: &'static str,
    handler: String,
    /// What its types are named after.
    noun: String,
    path: String,
    /// The names in the braces of the path.
    parameters: Vec<String>,
}

impl Wanted {
    fn parse(name: &str, method: &str, path: &str) -> Result<Self> {
        let Some((area, function)) = name.split_once('/') else {
            bail!("\"{name}\" is not <area>/<function>: write it as in rise/gratitude");
        };
        ensure!(is_word(area), "\"{area}\" is no area: take one word of small letters and digits, as in rise");
        ensure!(
            function.split('-').enumerate().all(|(index, word)| is_word(word) || index > 0 && is_alphanumeric(word)),
            "\"{function}\" is no name of a function: take words of small letters and digits with dashes between, as in kaizen-streak"
        );
        ensure!(!EMPTY_NAMES.contains(&function), "\"{function}\" says nothing: name what the function is about");
        let Some((method, verb)) = METHODS.into_iter().find(|(known, _)| *known == method) else {
            bail!(
                "\"{method}\" is not a method: take GET, POST, PUT, PATCH or DELETE (HEAD and OPTIONS are answered by the frame)"
            );
        };
        let parameters = parameters(path)?;
        let function = Function { area: area.to_owned(), name: function.to_owned() };
        let handler = [verb, "_", &function.name.to_snake_case()].concat();
        let noun = function.name.to_upper_camel_case();
        Ok(Self { function, method, handler, noun, path: path.to_owned(), parameters })
    }

    /// Refuses a route that is somebody's, or that would take requests away from somebody.
    fn check_route(&self, owned: &BTreeMap<String, Vec<String>>) -> Result<()> {
        let own = route(std::slice::from_ref(&self.path));
        for (package, paths) in owned {
            let folder = package.replacen('-', "/", 1);
            ensure!(
                route(paths) != own,
                "{own} belongs to {folder}: add a line to the contract in functions/{folder}/src/lib.rs"
            );
            let longer = own.len() > route(paths).len();
            if let Some(taken) = paths.iter().find(|path| longer && path.replace(['{', '}'], "").starts_with(&own)) {
                bail!("{own} would take {taken} away from {folder}: choose another path, or add a line to that contract");
            }
        }
        Ok(())
    }

    /// Every file with its path from the project's root.
    fn files(&self) -> Vec<(String, String)> {
        let folder = format!("functions/{}/{}", self.function.area, self.function.name);
        [("Cargo.toml", self.manifest()), ("src/lib.rs", self.code()), ("src/tests.rs", self.tests())]
            .map(|(file, text)| (format!("{folder}/{file}"), text))
            .to_vec()
    }

    fn takes_body(&self) -> bool {
        matches!(self.method, "POST" | "PUT" | "PATCH")
    }

    fn manifest(&self) -> String {
        let mut dependencies = vec!["edge", "serde"];
        if self.method != "DELETE" {
            dependencies.push("chrono");
        }
        if self.takes_body() || !self.parameters.is_empty() {
            dependencies.extend(["uuid", "validator"]);
        }
        if self.method == "DELETE" && self.parameters.is_empty() {
            dependencies.retain(|name| *name != "serde");
        }
        dependencies.sort_unstable();
        let list = |names: &[&str]| names.iter().map(|name| format!("{name} = {{ workspace = true }}\n")).collect::<String>();
        let inherited =
            ["version", "edition", "rust-version", "license", "publish"].map(|key| format!("{key}.workspace = true\n"));
        format!(
            "[package]\nname = \"{}\"\n{}\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\ndoctest = false\n\n\
             [dependencies]\n{}\n[dev-dependencies]\n{}\n[lints]\nworkspace = true\n",
            self.function.package(),
            inherited.concat(),
            list(&dependencies),
            list(&["serde_json", "testing", "tokio"]),
        )
    }

    fn code(&self) -> String {
        let Self { method, path, handler, .. } = self;
        let title = capitalised(&self.function.name.replace('-', " "));
        let (does, terms) = match *method {
            "GET" => ("Tells which day it is for the person.", "limit: 300, reads"),
            "POST" => ("Takes a text and gives it back with its time.", "limit: 60, writes, reply: 201"),
            "DELETE" => ("Has nothing to remove yet.", "limit: 60, writes, reply: 204"),
            _ => ("Takes a text and gives it back with its time.", "limit: 60, writes"),
        };
        let refuses = if self.parameters.is_empty() { "" } else { ",\n        refuses: [refusal::FORBIDDEN]" };
        let contract = format!(
            "edge::function! {{\n    //! {title}.\n\n    /// {does}\n    {method} \"{path}\" => {handler}, auth: Person, {terms}{refuses};\n}}\n\n"
        );
        let handler = if self.takes_body() { self.writes() } else { self.reads() };
        [&contract, &self.imports(), &self.path_input(), &handler, "\n#[cfg(test)]\nmod tests;\n"].concat()
    }

    fn imports(&self) -> String {
        let mut names = vec!["Context", "Person", "Reply", "Result", "Sql"];
        let with_path = !self.parameters.is_empty();
        if self.takes_body() {
            names.push("Json");
        }
        if with_path {
            names.push("Path");
        }
        names.sort_unstable();
        if self.takes_body() || with_path {
            names.push("input");
        }
        if self.method != "DELETE" {
            names.push("output");
        }
        if with_path {
            names.push("refusal");
        }
        let time = match self.method {
            "GET" => "use chrono::NaiveDate;\n",
            "DELETE" => "",
            _ => "use chrono::{DateTime, Utc};\n",
        };
        let uuid = if self.takes_body() || with_path { "use uuid::Uuid;\n" } else { "" };
        format!("{time}use edge::{{{}}};\n{uuid}\n", names.join(", "))
    }

    fn path_input(&self) -> String {
        if self.parameters.is_empty() {
            return String::new();
        }
        let fields: String = self.parameters.iter().map(|name| format!("    /// Whose it is.\n    {name}: Uuid,\n")).collect();
        format!("#[input]\nstruct Place {{\n{fields}}}\n\n")
    }

    /// Parameters of the handler besides the context, and its first lines.
    fn caller(&self) -> (String, String) {
        if self.parameters.is_empty() {
            return ("_: Person".to_owned(), String::new());
        }
        let owns: String = self.parameters.iter().map(|name| format!("    me.owns(place.{name})?;\n")).collect();
        ("me: Person, Path(place): Path<Place>".to_owned(), owns)
    }

    fn reads(&self) -> String {
        let (caller, owns) = self.caller();
        let (handler, noun) = (&self.handler, &self.noun);
        if self.method == "DELETE" {
            return format!(
                "async fn {handler}(ctx: Context, {caller}) -> Result<Reply<()>> {{\n{owns}    ctx.sql(DELETE).await?;\n    \
                 Ok(Reply::new(()))\n}}\n\n/// A table to delete from comes with a step in `migrations/`.\n\
                 const DELETE: Sql = Sql::new(\"select edge.uid() as user_id\");\n"
            );
        }
        format!(
            "/// What day it is.\n#[output(name = \"{noun}\")]\nstruct Today {{\n    /// In the person's time zone.\n    today: NaiveDate,\n}}\n\n\
             async fn {handler}(ctx: Context, {caller}) -> Result<Reply<Today>> {{\n{owns}    \
             Ok(Reply::new(ctx.sql(TODAY).await?.one()?))\n}}\n\n\
             const TODAY: Sql = Sql::new(\"select edge.today() as today\");\n"
        )
    }

    fn writes(&self) -> String {
        let (caller, owns) = self.caller();
        let (handler, noun) = (&self.handler, &self.noun);
        let constant = handler.to_ascii_uppercase();
        format!(
            "/// What is to be noted.\n#[input(name = \"{noun}Note\")]\nstruct Note {{\n    #[validate(length(min = 1, max = 500), custom(function = \"edge::validation::not_blank\"))]\n    \
             text: String,\n}}\n\n/// What was noted.\n#[output(name = \"{noun}\")]\nstruct Noted {{\n    user_id: Uuid,\n    text: String,\n    created_at: DateTime<Utc>,\n}}\n\n\
             async fn {handler}(ctx: Context, {caller}, Json(note): Json<Note>) -> Result<Reply<Noted>> {{\n{owns}    \
             Ok(Reply::new(ctx.sql({constant}.bind(&note.text)).await?.one()?))\n}}\n\n\
             /// A table to write to comes with a step in `migrations/`.\n\
             const {constant}: Sql = Sql::new(\"select edge.uid() as user_id, $1::text as text, edge.now() as created_at\");\n"
        )
    }

    fn tests(&self) -> String {
        let verb = self.method.to_ascii_lowercase();
        let path = if self.parameters.is_empty() {
            format!("\"{}\"", self.path)
        } else {
            let open = self.parameters.iter().fold(self.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), "{0}"));
            format!("&format!(\"{open}\", ada.id)")
        };
        let body = |text: &str| format!(".json(json!({{\"text\": \"{text}\"}}))");
        let sent = if self.takes_body() { body("Merci") } else { String::new() };
        let (name, looks) = match self.method {
            "GET" => (
                "the_day_is_the_persons_own",
                "assert_eq!((answer.status, answer.json()), (200, json!({\"today\": \"2026-06-10\"})));",
            ),
            "DELETE" => ("there_is_nothing_to_remove_yet", "assert_eq!(answer.status, 204, \"{answer:?}\");"),
            "POST" => ("a_text_comes_back_with_its_time", "assert_eq!(answer.status, 201, \"{answer:?}\");"),
            _ => ("a_text_comes_back_with_its_time", "assert_eq!(answer.status, 200, \"{answer:?}\");"),
        };
        let json = if self.method == "DELETE" { "" } else { "use serde_json::json;\n" };
        let mut text = format!(
            "{json}use testing::{{App, Person}};\n\nuse super::FUNCTION;\n\n/// Half past one at night in Paris, still the day before in UTC.\n\
             const NIGHT: &str = \"2026-06-09T23:30:00Z\";\n\n#[tokio::test]\nasync fn {name}() {{\n    \
             let app = App::native(&FUNCTION).at(NIGHT);\n    let ada = Person::new().await;\n    \
             let answer = app.{verb}({path}).by(&ada){sent}.send().await;\n    {looks}\n"
        );
        if self.takes_body() {
            text.push_str(&format!(
                "    assert_eq!((&answer.json()[\"text\"], &answer.json()[\"created_at\"]), (&json!(\"Merci\"), &json!(NIGHT)));\n}}\n\n\
                 #[tokio::test]\nasync fn a_blank_text_is_refused() {{\n    let app = App::native(&FUNCTION);\n    \
                 let ada = Person::new().await;\n    let answer = app.{verb}({path}).by(&ada){}.send().await;\n    \
                 assert_eq!((answer.status, answer.wrong_fields()), (422, vec![\"text:blank\".to_owned()]));\n",
                body(" ")
            ));
        }
        text.push_str("}\n");
        if !self.parameters.is_empty() {
            text.push_str(&format!(
                "\n#[tokio::test]\nasync fn somebody_elses_id_is_refused() {{\n    let (ada, eve) = (Person::new().await, Person::new().await);\n    \
                 let answer = App::native(&FUNCTION).{verb}({path}).by(&eve){sent}.send().await;\n    \
                 assert_eq!((answer.status, answer.code().as_str()), (403, \"forbidden\"));\n}}\n"
            ));
        }
        text
    }
}

/// The names in the braces of a path, which is well-formed then.
fn parameters(path: &str) -> Result<Vec<String>> {
    let Some(parts) = path.strip_prefix('/').map(|rest| rest.split('/').collect::<Vec<_>>()) else {
        bail!("\"{path}\" is no path: begin it with a slash, as in /rise/gratitude/{{id}}");
    };
    let mut names: Vec<String> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        if let Some(name) = part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            ensure!(index > 0, "\"{path}\" begins with a parameter: a function needs a literal path of its own");
            ensure!(
                name.split('_').all(is_alphanumeric) && is_word(&name[..1]) && is_identifier(name),
                "\"{{{name}}}\" is no parameter: take small letters, digits and underscores, as in {{user_id}}"
            );
            ensure!(!names.iter().any(|known| known == name), "\"{{{name}}}\" stands in the path twice");
            names.push(name.to_owned());
        } else {
            ensure!(
                part.split(['-', '_', '.']).all(is_alphanumeric),
                "\"{part}\" is no part of a path: take small letters and digits with dashes between, or a parameter such as {{id}}"
            );
        }
    }
    ensure!(
        !PREFIXES.contains(&parts[0]),
        "\"{path}\" begins with a prefix: leave it away, every path is answered below /api/v1 and its aliases"
    );
    Ok(names)
}

fn is_alphanumeric(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

/// Whether a field may be called so. `gen` is a word of the language since its edition of 2024, which `syn` does not judge by.
fn is_identifier(word: &str) -> bool {
    word != "gen" && syn::parse_str::<syn::Ident>(word).is_ok()
}

fn is_word(word: &str) -> bool {
    is_alphanumeric(word) && word.starts_with(|first: char| first.is_ascii_lowercase())
}

/// The paths of every function, by its package.
fn owned_paths(registry: &Value) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let functions = registry["functions"].as_array().into_iter().flatten();
    let paths = |function: &Value| function["endpoints"].as_array().into_iter().flatten().map(|e| text(&e["path"])).collect();
    functions
        .filter(|function| function["trigger"] == "http")
        .map(|function| (text(&function["package"]), paths(function)))
        .collect()
}

fn capitalised(word: &str) -> String {
    word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect()
}

/// What the paths of one function have in common before the first parameter: the literal path that it owns.
fn route(paths: &[String]) -> String {
    fn literal(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').take_while(|part| !part.starts_with('{'))
    }
    let Some((first, rest)) = paths.split_first() else { return String::new() };
    let mut common: Vec<&str> = literal(first).collect();
    for path in rest {
        let same = common.iter().zip(literal(path)).take_while(|(a, b)| **a == *b).count();
        common.truncate(same);
    }
    common.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(name: &str, method: &str, path: &str) -> String {
        let owned = BTreeMap::from([
            ("rise-kaizen".to_owned(), vec!["/rise/kaizen".to_owned(), "/rise/kaizen/notes/{id}".to_owned()]),
            ("rise-kaizen-streak".to_owned(), vec!["/rise/kaizen/streak/{user_id}".to_owned()]),
        ]);
        match Wanted::parse(name, method, path).and_then(|wanted| wanted.check_route(&owned)) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn good_names_and_paths_are_taken() {
        for (name, method, path) in [
            ("rise/gratitude", "POST", "/rise/gratitude"),
            ("rise/kaizen-2", "GET", "/rise/kaizen-notes/{user_id}/x/{id2}"),
            ("rise/all", "DELETE", "/rise/{id}"),
            ("rise/streaks", "GET", "/rise/kaizen/streaks"),
        ] {
            assert_eq!(refusal(name, method, path), "", "{name} {method} {path}");
        }
    }

    #[test]
    fn bad_names_methods_and_paths_are_refused_with_a_remedy() {
        for (name, method, path, says) in [
            ("gratitude", "GET", "/x", "is not <area>/<function>"),
            ("Rise/x", "GET", "/x", "is no area"),
            ("ri-se/x", "GET", "/x", "is no area"),
            ("rise/x y", "GET", "/x", "is no name of a function"),
            ("rise/x--y", "GET", "/x", "is no name of a function"),
            ("rise/../x", "GET", "/x", "is no name of a function"),
            ("rise/utils", "GET", "/x", "says nothing"),
            ("rise/x", "get", "/x", "is not a method"),
            ("rise/x", "HEAD", "/x", "is not a method"),
            ("rise/x", "GET", "x", "begin it with a slash"),
            ("rise/x", "GET", "/", "is no part of a path"),
            ("rise/x", "GET", "/x/", "is no part of a path"),
            ("rise/x", "GET", "/x*", "is no part of a path"),
            ("rise/x", "GET", "/{id}", "a literal path of its own"),
            ("rise/x", "GET", "/x/{Id}", "is no parameter"),
            ("rise/x", "GET", "/x/{type}", "is no parameter"),
            ("rise/x", "GET", "/x/{gen}", "is no parameter"),
            ("rise/x", "GET", "/x/{id}/{id}", "twice"),
            ("rise/x", "GET", "/api/v1/x", "begins with a prefix"),
        ] {
            let refusal = refusal(name, method, path);
            assert!(refusal.contains(says), "{name} {method} {path}: {refusal}");
        }
    }

    #[test]
    fn a_path_that_is_somebodys_is_refused() {
        let owned = refusal("rise/x", "GET", "/rise/kaizen/{id}");
        assert_eq!(owned, "/rise/kaizen belongs to rise/kaizen: add a line to the contract in functions/rise/kaizen/src/lib.rs");
        let taken = refusal("rise/x", "GET", "/rise/kaizen/notes");
        assert!(taken.contains("would take /rise/kaizen/notes/{id} away from rise/kaizen"), "{taken}");
    }
}
