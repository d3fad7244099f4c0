//! The files of the folder.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// One numbered SQL file.
#[derive(Debug)]
pub struct Migration {
    pub number: i32,
    /// The file's name, with the number and the extension.
    pub name: String,
    pub sql: String,
    /// SHA-256 of the text in lower-case hexadecimal, the same whatever line endings the checkout uses.
    pub checksum: String,
    pub is_transactional: bool,
}

/// The migrations of a folder by number; other kinds of files are left alone.
pub fn read(dir: &Path) -> Result<Vec<Migration>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read the migrations in {}", dir.display()))?;
    let mut files = BTreeMap::new();
    for entry in entries {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if !name.ends_with(".sql") {
            continue;
        }
        let sql = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = parse(name, &sql)?;
        if let Some(other) = files.insert(file.number, file) {
            bail!("{} and {name} have the same number", other.name);
        }
    }
    Ok(files.into_values().collect())
}

fn parse(name: &str, sql: &str) -> Result<Migration> {
    let number = name
        .split_once('_')
        .filter(|(digits, _)| digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|(digits, _)| digits.parse().ok())
        .with_context(|| format!("{name}: a migration is called NNNN_verb_object.sql"))?;
    let sql = sql.replace("\r\n", "\n");
    Ok(Migration {
        number,
        name: name.to_owned(),
        checksum: Sha256::digest(&sql).iter().map(|byte| format!("{byte:02x}")).collect(),
        is_transactional: sql.lines().next() != Some("-- no transaction"),
        sql,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_four_digits_is_refused() {
        for name in ["1_create_x.sql", "create_x.sql", "00001_create_x.sql", "000a_create_x.sql", "0001-x.sql"] {
            assert!(parse(name, "").is_err(), "{name}");
        }
        assert_eq!(parse("0042_create_x.sql", "").unwrap().number, 42);
    }

    #[test]
    fn line_endings_do_not_change_the_checksum() {
        let unix = parse("0001_create_x.sql", "select 1;\nselect 2;\n").unwrap();
        let windows = parse("0001_create_x.sql", "select 1;\r\nselect 2;\r\n").unwrap();
        assert_eq!(unix.checksum, windows.checksum);
    }

    #[test]
    fn only_the_first_line_takes_a_file_out_of_its_transaction() {
        assert!(!parse("0001_create_x.sql", "-- no transaction\nselect 1").unwrap().is_transactional);
        assert!(parse("0001_create_x.sql", "select 1;\n-- no transaction").unwrap().is_transactional);
    }
}
