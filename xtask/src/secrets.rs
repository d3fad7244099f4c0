//! Keys and passwords of this machine: made once for `dev`, so that sign-ins outlive a restart; new for each `test`.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
};

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::project::Project;

/// What a secret looks like.
enum Shape {
    /// `kid:key`, the key of 32 bytes in base64.
    NamedKey,
    /// 32 bytes in base64.
    Key,
    /// Letters and digits that need no escaping in a URL.
    Password,
}

/// Every secret that this machine makes for itself.
const SECRETS: [(&str, Shape); 9] = [
    (JWT_KEYS, Shape::NamedKey),
    ("PASSWORD_PEPPER", Shape::Key),
    ("LINK_KEY", Shape::Key),
    ("METRICS_TOKEN", Shape::Key),
    ("SEALING_KEYS", Shape::NamedKey),
    (POSTGRES_PASSWORD, Shape::Password),
    (OWNER_PASSWORD, Shape::Password),
    (PERSON_PASSWORD, Shape::Password),
    (SERVICE_PASSWORD, Shape::Password),
];

const JWT_KEYS: &str = "JWT_KEYS";
/// Of PostgreSQL's superuser.
pub const POSTGRES_PASSWORD: &str = "POSTGRES_PASSWORD";
/// Of the role that owns the database.
pub const OWNER_PASSWORD: &str = "OWNER_PASSWORD";
/// Of the login `oree_person`.
pub const PERSON_PASSWORD: &str = "PERSON_PASSWORD";
/// Of the login `oree_service`.
pub const SERVICE_PASSWORD: &str = "SERVICE_PASSWORD";

pub type Secrets = BTreeMap<String, String>;

/// New secrets.
pub fn fresh() -> Result<Secrets> {
    SECRETS.iter().map(|(name, shape)| Ok(((*name).to_owned(), shape.draw()?))).collect()
}

/// The secrets of `dev`; what is missing is made and kept.
pub fn of_dev(project: &Project) -> Result<Secrets> {
    let path = project.state().join("secrets.json");
    let mut secrets: Secrets = match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).with_context(|| format!("{} is damaged: delete .dev", path.display()))?,
        Err(_) => Secrets::new(),
    };
    let known = secrets.len();
    for (name, value) in fresh()? {
        secrets.entry(name).or_insert(value);
    }
    if secrets.len() > known {
        fs::create_dir_all(project.state())?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&serde_json::to_vec_pretty(&secrets)?)?;
    }
    Ok(secrets)
}

impl Shape {
    fn draw(&self) -> Result<String> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
        Ok(match self {
            Self::NamedKey => format!("dev:{}", STANDARD.encode(bytes)),
            Self::Key => STANDARD.encode(bytes),
            Self::Password => URL_SAFE_NO_PAD.encode(bytes),
        })
    }
}

/// A word that nobody can guess.
pub fn token() -> Result<String> {
    Shape::Password.draw()
}
