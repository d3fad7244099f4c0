//! `cargo xtask import-users <file>`: people and their bcrypt hashes come in from elsewhere. docs/OPERATIONS.md describes the file.
//!
//! Safe to run again, and to break off: somebody who is there already is left as they are. Every line of the file is
//! counted once, and one that is refused is written with its reason to `<file>.refused.jsonl`.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tokio_postgres::Client;

use crate::progress::Step;

const BATCH: usize = 500;

/// Above it, a sign-in would take seconds of the database's time. It is 10 after the first one anyway.
const COSTLIEST: u32 = 14;

/// The names that a column has in dumps of Supabase (`auth.users`), of applications with passlib, and in ours.
const EMAIL: [&str; 1] = ["email"];
const HASH: [&str; 4] = ["password_hash", "encrypted_password", "hashed_password", "hash"];
const NAME: [&str; 4] = ["name", "full_name", "display_name", "username"];
const CREATED: [&str; 3] = ["created_at", "registration_date", "date_joined"];
const VERIFIED: [&str; 5] = ["email_verified_at", "email_confirmed_at", "confirmed_at", "is_verified", "email_verified"];
const LAST: [&str; 3] = ["last_login_at", "last_sign_in_at", "last_login"];

/// What became of the lines.
#[derive(Default)]
struct Counts {
    read: usize,
    imported: usize,
    there: usize,
    refused: usize,
}

#[derive(Serialize)]
struct Refused<'a> {
    line: usize,
    email: &'a str,
    reason: &'a str,
}

/// A line that can be tried.
struct Person {
    line: usize,
    email: String,
    row: Value,
}

pub async fn run(file: &Path) -> Result<ExitCode> {
    let url = std::env::var("DATABASE_URL").context("DATABASE_URL is not set: it names the database, as its owner")?;
    let client = migrate::connect(&url).await.context("DATABASE_URL leads to no PostgreSQL")?;
    // Defaults of tables take the time from here.
    client.batch_execute("select set_config('oree.now', clock_timestamp()::text, false)").await?;
    let path = refused_path(file);
    // What an earlier run refused may have been mended.
    if path.exists() {
        fs::remove_file(&path)?;
    }
    let mut import = Import { client, counts: Counts::default(), report: None, path };
    let step = Step::start("people");
    let mut batch = Vec::new();
    let mut seen = HashSet::new();
    for (index, fields) in lines(file)?.enumerate() {
        // The first line of a CSV file is its header.
        let line = index + if is_csv(file) { 2 } else { 1 };
        import.counts.read += 1;
        match fields.and_then(|fields| person(line, &fields)) {
            Ok(person) if !seen.insert(person.email.clone()) => import.refuse(line, &person.email, "address_given_twice")?,
            Ok(person) => batch.push(person),
            Err((email, reason)) => import.refuse(line, &email, &reason)?,
        }
        if batch.len() == BATCH {
            import.store(std::mem::take(&mut batch)).await?;
            step.doing(&format!("line {line}"));
        }
    }
    import.store(batch).await?;
    let Counts { read, imported, there, refused } = import.counts;
    step.done(&format!("{read} lines: {imported} imported, {there} there already, {refused} refused"));
    if read != imported + there + refused {
        bail!("{read} lines were read and {} accounted for", imported + there + refused);
    }
    if let Some(mut report) = import.report {
        report.flush()?;
        eprintln!("  {} says why; mend those lines and run this again", import.path.display());
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

struct Import {
    client: Client,
    counts: Counts,
    report: Option<BufWriter<File>>,
    path: PathBuf,
}

impl Import {
    fn refuse(&mut self, line: usize, email: &str, reason: &str) -> Result<()> {
        self.counts.refused += 1;
        let report = match &mut self.report {
            Some(report) => report,
            None => {
                let file = File::create(&self.path).with_context(|| format!("{} cannot be written", self.path.display()))?;
                self.report.insert(BufWriter::new(file))
            }
        };
        serde_json::to_writer(&mut *report, &Refused { line, email, reason })?;
        Ok(writeln!(report)?)
    }

    /// One statement for all; where the database refuses one of them, one statement for each.
    async fn store(&mut self, people: Vec<Person>) -> Result<()> {
        let rows: Vec<&Value> = people.iter().map(|person| &person.row).collect();
        if let Ok(outcomes) = outcomes(&self.client, &json!(rows)).await {
            return people.iter().zip(outcomes).try_for_each(|(person, outcome)| self.count(person, &outcome));
        }
        for person in &people {
            match outcomes(&self.client, &json!([person.row])).await {
                Ok(outcomes) => outcomes.iter().try_for_each(|outcome| self.count(person, outcome))?,
                Err(error) => {
                    let refusal = error.as_db_error().context("the database does not answer")?;
                    // A message could repeat the hash.
                    let reason = refusal.constraint().unwrap_or(refusal.code().code());
                    self.refuse(person.line, &person.email, reason)?;
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, person: &Person, outcome: &str) -> Result<()> {
        match outcome {
            "imported" => self.counts.imported += 1,
            "there" => self.counts.there += 1,
            reason => self.refuse(person.line, &person.email, reason)?,
        }
        Ok(())
    }
}

/// What became of each row, in order. No address stands in two of them.
async fn outcomes(client: &Client, rows: &Value) -> Result<Vec<String>, tokio_postgres::Error> {
    const IMPORT: &str = "
        with given as (
          select g.*
          from rows from (jsonb_to_recordset($1) as (
            id uuid, email text, password_hash text, name text, phone text, created_at timestamptz,
            email_verified_at timestamptz, last_login_at timestamptz, is_active boolean, is_banned boolean)) with ordinality as g (
            id, email, password_hash, name, phone, created_at, email_verified_at, last_login_at, is_active, is_banned, place)
        ),
        made as (
          insert into public.users (
            id, email, password_hash, password_is_legacy, name, phone, registration_date, created_at, email_verified_at,
            last_login_at, is_active, is_banned)
          select coalesce(g.id, gen_random_uuid()), g.email, g.password_hash, true, g.name, g.phone,
            coalesce(g.created_at, edge.now()), coalesce(g.created_at, edge.now()), g.email_verified_at, g.last_login_at,
            coalesce(g.is_active, true), coalesce(g.is_banned, false)
          from given g
          on conflict (lower(email)) do nothing
          returning lower(email) as email
        )
        select case
            when m.email is not null then 'imported'
            when g.id is not null and u.id <> g.id then 'address_taken'
            else 'there' end
        from given g
        left join made m on m.email = lower(g.email)
        left join public.users u on lower(u.email) = lower(g.email)
        order by g.place";
    Ok(client.query(IMPORT, &[rows]).await?.iter().map(|row| row.get(0)).collect())
}

/// The address, as far as it is known, and why the line is refused.
type Refusal = (String, String);

type Fields = Map<String, Value>;

fn person(line: usize, fields: &Fields) -> Result<Person, Refusal> {
    let typed = text(fields, &EMAIL).unwrap_or_default();
    let refuse = |reason: &str| (typed.clone(), reason.to_owned());
    let Some(email) = validation::Email::parse(&typed) else { return Err(refuse("email_unusable")) };
    let Some(hash) = text(fields, &HASH) else { return Err(refuse("hash_missing")) };
    let cost = bcrypt_cost(&hash).ok_or_else(|| refuse("hash_not_bcrypt"))?;
    if cost > COSTLIEST {
        return Err(refuse("hash_too_costly"));
    }
    if text(fields, &["deleted_at"]).is_some() {
        return Err(refuse("deleted_there"));
    }
    let created_at = time(fields, &CREATED).map_err(|()| refuse("created_at_unreadable"))?;
    let last_login_at = time(fields, &LAST).map_err(|()| refuse("last_login_at_unreadable"))?;
    let verified = match text(fields, &VERIFIED).as_deref() {
        None | Some("false" | "f" | "0" | "no") => None,
        // That it was verified is known, but not when.
        Some("true" | "t" | "1" | "yes") => created_at.clone().or_else(|| Some("now".to_owned())),
        Some(_) => time(fields, &VERIFIED).map_err(|()| refuse("email_verified_at_unreadable"))?,
    };
    let is = |name: &str| text(fields, &[name]).map(|word| matches!(word.as_str(), "true" | "t" | "1" | "yes"));
    let banned_until = time(fields, &["banned_until"]).map_err(|()| refuse("banned_until_unreadable"))?;
    let metadata: Fields =
        text(fields, &["raw_user_meta_data"]).and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let row = json!({
        "id": text(fields, &["id"]).filter(|id| uuid(id)),
        "email": email.as_str(),
        "password_hash": hash,
        "name": text(fields, &NAME).or_else(|| text(&metadata, &NAME)),
        "phone": text(fields, &["phone"]),
        "created_at": created_at,
        "email_verified_at": verified,
        "last_login_at": last_login_at,
        "is_active": is("is_active"),
        "is_banned": is("is_banned").unwrap_or(banned_until.is_some()),
    });
    Ok(Person { line, email: email.as_str().to_owned(), row })
}

/// The first of these columns that holds something; JSON values as their text.
fn text(fields: &Fields, names: &[&str]) -> Option<String> {
    let value = names.iter().find_map(|name| fields.get(*name).filter(|value| !value.is_null() && *value != ""))?;
    let text = value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned());
    Some(text).filter(|text| !text.is_empty() && text != "\\N")
}

/// A time as RFC 3339; PostgreSQL's own form and one without a zone, which is taken for UTC, are read too.
fn time(fields: &Fields, names: &[&str]) -> Result<Option<String>, ()> {
    use chrono::{DateTime, NaiveDateTime};
    let Some(text) = text(fields, names) else { return Ok(None) };
    let zoned = ["%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M:%S%.f%#z"];
    let naive = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"];
    let known = DateTime::parse_from_rfc3339(&text).ok();
    let known = known.or_else(|| zoned.iter().find_map(|form| DateTime::parse_from_str(&text, form).ok()));
    let known =
        known.or_else(|| naive.iter().find_map(|form| Some(NaiveDateTime::parse_from_str(&text, form).ok()?.and_utc().into())));
    known.map(|time| Some(time.to_rfc3339())).ok_or(())
}

/// `$2a$`, `$2b$` and `$2y$` are one algorithm; `$2x$` is what a broken one wrote.
fn bcrypt_cost(hash: &str) -> Option<u32> {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| hash.strip_prefix(prefix))?;
    let (cost, rest) = rest.split_once('$')?;
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    let cost = Some(cost).filter(|cost| cost.len() == 2)?.parse().ok()?;
    (cost >= 4 && rest.len() == 53 && rest.bytes().all(known)).then_some(cost)
}

fn uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, byte)| if [8, 13, 18, 23].contains(&at) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// The columns of each line, by name.
fn lines(file: &Path) -> Result<Box<dyn Iterator<Item = Result<Fields, Refusal>>>> {
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let unreadable = || (String::new(), "line_unreadable".to_owned());
    if is_csv(file) {
        let reader = csv::ReaderBuilder::new().flexible(false).from_reader(opened);
        return Ok(Box::new(reader.into_deserialize().map(move |line| {
            let line: std::collections::HashMap<String, String> = line.map_err(|_| unreadable())?;
            Ok(line.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), Value::String(value))).collect())
        })));
    }
    if file.extension().is_none_or(|kind| kind != "jsonl") {
        bail!("{} is neither .csv nor .jsonl", file.display());
    }
    let lines = BufReader::new(opened).split(b'\n').filter(|line| line.as_ref().is_ok_and(|line| !line.trim_ascii().is_empty()));
    Ok(Box::new(lines.map(move |line| serde_json::from_slice(&line.unwrap_or_default()).map_err(|_| unreadable()))))
}

fn is_csv(file: &Path) -> bool {
    file.extension().is_some_and(|kind| kind == "csv")
}

fn refused_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".refused.jsonl");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(value: Value) -> Fields {
        value.as_object().cloned().unwrap_or_default()
    }

    const HASH: &str = "$2b$12$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";

    fn reason(value: Value) -> String {
        person(1, &fields(value)).err().map(|(_, reason)| reason).unwrap_or_default()
    }

    #[test]
    fn a_row_of_supabase_is_understood() {
        let row = person(
            1,
            &fields(json!({
                "id": "6f1b2a34-0000-4000-8000-000000000001", "email": " Ada@Example.org ", "encrypted_password": HASH,
                "email_confirmed_at": "2024-01-02 03:04:05.678+00", "created_at": "2024-01-01 10:00:00+02", "banned_until": "",
                "raw_user_meta_data": "{\"full_name\": \"Ada Lovelace\"}", "deleted_at": "", "phone": "",
            })),
        )
        .ok()
        .unwrap()
        .row;
        assert_eq!((&row["name"], &row["phone"], &row["is_banned"]), (&json!("Ada Lovelace"), &Value::Null, &json!(false)));
        assert_eq!(row["created_at"], "2024-01-01T10:00:00+02:00");
        assert_eq!(row["email_verified_at"], "2024-01-02T03:04:05.678+00:00");
    }

    #[test]
    fn a_row_of_an_application_with_passlib_is_understood() {
        let row = json!({"email": "ada@example.org", "hashed_password": HASH, "is_active": false, "is_verified": true, "created_at": "2024-01-01T10:00:00"});
        let row = person(1, &fields(row)).ok().unwrap().row;
        assert_eq!((&row["is_active"], &row["email_verified_at"]), (&json!(false), &json!("2024-01-01T10:00:00+00:00")));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_a_reason() {
        for (hash, why) in [
            ("", "hash_missing"),
            ("$2x$12$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", "hash_not_bcrypt"),
            ("$argon2id$v=19$m=65536", "hash_not_bcrypt"),
            ("$2b$12$short", "hash_not_bcrypt"),
            ("$2b$31$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", "hash_too_costly"),
            ("$2b$03$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", "hash_not_bcrypt"),
        ] {
            assert_eq!(reason(json!({"email": "ada@example.org", "hash": hash})), why, "{hash}");
        }
        assert_eq!(reason(json!({"email": "nobody", "hash": HASH})), "email_unusable");
        assert_eq!(reason(json!({"email": "a@example.org", "hash": HASH, "created_at": "yesterday"})), "created_at_unreadable");
        assert_eq!(reason(json!({"email": "a@example.org", "hash": HASH, "deleted_at": "2024-01-01"})), "deleted_there");
    }
}
