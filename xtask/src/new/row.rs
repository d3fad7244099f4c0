//! `cargo xtask new wellness/journal-entries --row`: rows of a person that devices may write while offline, with table, access and
//! tests, from `xtask/templates/row`.

use std::fs;

use anyhow::{Context, Result, ensure};
use heck::{ToSnakeCase, ToUpperCamelCase};

use super::{Wanted, capitalised};
use crate::project::Project;

const MANIFEST: &str = include_str!("../../templates/row/Cargo.toml");
const CODE: &str = include_str!("../../templates/row/src/lib.rs");
const TESTS: &str = include_str!("../../templates/row/src/tests.rs");
const STEP: &str = include_str!("../../templates/row/step.sql");
const ACCESS: &str = include_str!("../../templates/row/access.sql");

/// The path of the rows where none is said: `/wellness/journal-entries`.
pub fn path(name: &str) -> String {
    format!("/{name}")
}

/// Every file with its path from the project's root.
///
/// # Errors
/// Where the table or its access file is there already.
pub fn files(project: &Project, wanted: &Wanted) -> Result<Vec<(String, String)>> {
    let table = wanted.function.name.to_snake_case();
    let access = format!("migrations/access/{table}.sql");
    ensure!(!project.path(&access).exists(), "{access} exists already: choose another name, after which the table is called");
    let noun = singular(&table);
    let kind = noun.to_upper_camel_case();
    let fill = |template: &str| {
        let words = [
            ("__package__", wanted.function.package()),
            ("__table__", table.clone()),
            ("__noun__", noun.clone()),
            ("__Noun__", kind.clone()),
            ("__path__", wanted.path.clone()),
            ("__Title__", capitalised(&table.replace('_', " "))),
        ];
        words.iter().fold(template.to_owned(), |text, (word, value)| text.replace(word, value))
    };
    let folder = format!("functions/{}/{}", wanted.function.area, wanted.function.name);
    Ok(vec![
        (format!("{folder}/Cargo.toml"), fill(MANIFEST)),
        (format!("{folder}/src/lib.rs"), fill(CODE)),
        (format!("{folder}/src/tests.rs"), fill(TESTS)),
        (format!("migrations/steps/{:04}_create_{table}.sql", next_step(project)?), fill(STEP)),
        (access, fill(ACCESS)),
    ])
}

/// The number after that of the last step.
fn next_step(project: &Project) -> Result<u32> {
    let steps = fs::read_dir(project.path("migrations/steps")).context("migrations/steps cannot be read")?;
    let number = |name: String| name.split('_').next().and_then(|digits| digits.parse::<u32>().ok());
    let last = steps.flatten().filter_map(|step| number(step.file_name().into_string().ok()?)).max();
    Ok(last.unwrap_or_default() + 1)
}

/// One of what a table holds.
fn singular(table: &str) -> String {
    match (table.strip_suffix("ies"), table.strip_suffix('s')) {
        (Some(stem), _) => [stem, "y"].concat(),
        (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => table.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_table_is_called_in_the_singular() {
        for (table, one) in
            [("journal_entries", "journal_entry"), ("moods", "mood"), ("gratitude", "gratitude"), ("progress", "progress")]
        {
            assert_eq!(singular(table), one);
        }
    }
}
