//! The SQL of a repository: what is history, and what is true now.
//!
//! ```text
//! migrations/roles.sql              who may connect; before all else
//! migrations/context/<name>.sql     functions that need no table, and that tables, checks and policies need
//! migrations/steps/NNNN_<what>.sql  tables and data: each once, forward only
//! migrations/functions/<area>/<name>.sql, functions/<area>/<function>/sql/<name>.sql
//!                                   today's text of one SQL function
//! migrations/views/<name>.sql       today's text of one view
//! migrations/access/<table>.sql     who may do what with one table
//! migrations/settings.sql           the settings and their bounds
//! ```

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// A file of SQL.
#[derive(Debug)]
pub struct File {
    /// From the root of the repository, with slashes.
    pub path: String,
    /// The file's name without its extension.
    pub name: String,
    pub sql: String,
    /// SHA-256 of the text in lower-case hexadecimal, the same whatever line endings the checkout uses.
    pub checksum: String,
}

/// A change of tables or data, made once.
#[derive(Debug)]
pub struct Step {
    pub number: i32,
    pub file: File,
    pub is_transactional: bool,
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Roles,
    Context,
    Function,
    View,
    Access,
    Settings,
}

/// A text that is true as it stands, and is applied again whenever it is not what the database has.
#[derive(Debug)]
pub struct Definition {
    pub kind: Kind,
    pub file: File,
}

/// Every SQL file of a repository.
#[derive(Debug, Default)]
pub struct Tree {
    pub steps: Vec<Step>,
    pub definitions: Vec<Definition>,
}

impl Tree {
    /// Reads the SQL below the root of a repository; other kinds of files are left alone.
    pub fn read(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        let mut numbers = BTreeMap::new();
        for path in sql_files(&root.join("migrations"))? {
            let file = File::read(root, &path)?;
            let place: Vec<&str> = file.path.split('/').collect();
            let kind = match place[..] {
                ["migrations", "steps", _] => {
                    let step = Step::parse(file)?;
                    if let Some(other) = numbers.insert(step.number, step.file.name.clone()) {
                        bail!("{other} and {} have the same number", step.file.name);
                    }
                    tree.steps.push(step);
                    continue;
                }
                ["migrations", "roles.sql"] => Kind::Roles,
                ["migrations", "settings.sql"] => Kind::Settings,
                ["migrations", "context", _] => Kind::Context,
                ["migrations", "functions", _, _] => Kind::Function,
                ["migrations", "views", _] => Kind::View,
                ["migrations", "access", _] => Kind::Access,
                _ => bail!("{} stands where no SQL file belongs: migrations/README.md says which folders there are", file.path),
            };
            tree.definitions.push(Definition { kind, file });
        }
        for area in folders(&root.join("functions"))? {
            for function in folders(&area)? {
                for path in sql_files(&function.join("sql"))? {
                    tree.definitions.push(Definition { kind: Kind::Function, file: File::read(root, &path)? });
                }
            }
        }
        tree.steps.sort_by_key(|step| step.number);
        Ok(tree)
    }

    pub fn of(&self, kinds: &[Kind]) -> impl Iterator<Item = &Definition> {
        self.definitions.iter().filter(move |definition| kinds.contains(&definition.kind))
    }
}

impl File {
    fn read(root: &Path, path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let path = path.strip_prefix(root).unwrap_or(path);
        let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        Ok(Self::new(&parts.join("/"), &text))
    }

    fn new(path: &str, text: &str) -> Self {
        let sql = text.replace("\r\n", "\n");
        let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".sql");
        let checksum = Sha256::digest(&sql).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { path: path.to_owned(), name: name.to_owned(), sql, checksum }
    }
}

impl Step {
    fn parse(file: File) -> Result<Self> {
        let number = file
            .name
            .split_once('_')
            .filter(|(digits, _)| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|(digits, _)| digits.parse().ok())
            .with_context(|| format!("{}: a step is called NNNN_verb_object.sql", file.path))?;
        let is_transactional = file.sql.lines().next() != Some("-- no transaction");
        Ok(Self { number, file, is_transactional })
    }
}

/// The SQL files of a folder and of those in it, by path; none where there is no folder.
fn sql_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            files.extend(sql_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    Ok(files)
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, sql: &str) -> Result<Step> {
        Step::parse(File::new(&format!("migrations/steps/{name}"), sql))
    }

    #[test]
    fn a_step_without_four_digits_is_refused() {
        for name in ["1_create_x.sql", "create_x.sql", "00001_create_x.sql", "000a_create_x.sql", "0001-x.sql"] {
            assert!(step(name, "").is_err(), "{name}");
        }
        assert_eq!(step("0042_create_x.sql", "").unwrap().number, 42);
    }

    #[test]
    fn line_endings_do_not_change_the_checksum() {
        let [unix, windows] = ["select 1;\nselect 2;\n", "select 1;\r\nselect 2;\r\n"].map(|sql| File::new("x.sql", sql));
        assert_eq!(unix.checksum, windows.checksum);
    }

    #[test]
    fn only_the_first_line_takes_a_step_out_of_its_transaction() {
        assert!(!step("0001_create_x.sql", "-- no transaction\nselect 1").unwrap().is_transactional);
        assert!(step("0001_create_x.sql", "select 1;\n-- no transaction").unwrap().is_transactional);
    }
}
