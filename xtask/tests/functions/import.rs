//! Hashes below were made by Python's `bcrypt` 4.3, or published with crypt_blowfish.

use std::{fs, path::PathBuf, process::Command};

use serde_json::{Value, json};
use tokio_postgres::{Client, NoTls};

const PEOPLE: [(&str, &str, &str); 6] = [
    ("supabase", "correct horse battery", "$2b$10$sRUFAdcUr4zVXAV0VEuCZO4s23emjFNdoCCqDXmkWr30x8wwi.RaC"),
    ("accents", "Crème brûlée à l'œuf, 東京", "$2a$05$TxWhs5r7yA729VFw.3/7KuPljNAB89uiPBlwcl6Nu9u5kD9CfMi0q"),
    // 80 bytes, of which bcrypt reads 72.
    ("long", "éééééééééééééééééééééééééééééééééééééééé", "$2b$05$1p/uEAzxPhaKV.GulN5sxed8kRqE9Ur7LQK6XDkmR/qwcC/IZW9vu"),
    ("php", "un mot de passe de PHP", "$2y$05$z58vdl3NMZHB2z/WQtDsfeZIqHuHnDc9LT5AFx4z6XVE3N9UOd5GO"),
    ("short", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (
        "vector",
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
    ),
];

fn database_url() -> String {
    std::env::var("DATABASE_URL").expect("run tests with `cargo xtask test`")
}

async fn database() -> Client {
    let (client, connection) = tokio_postgres::connect(&database_url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// A domain that no other test has.
fn domain() -> String {
    format!("{}.example.org", auth::random_uuid().unwrap().simple())
}

fn file(name: &str, text: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("import");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    file
}

/// Whether every line came in, and what was said.
fn import(file: &PathBuf) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("import-users").arg(file).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

async fn login(email: &str, password: &str) -> (u16, Value) {
    let url = std::env::var("EDGE_URL").expect("run tests with `cargo xtask test`") + "/api/v1/auth/login";
    // Sign-ins of one address are limited.
    let address = auth::random_uuid().unwrap().simple().to_string();
    let address = format!("2001:db8:{}:{}::1", &address[..4], &address[4..8]);
    let request =
        reqwest::Client::new().post(url).header("cf-connecting-ip", address).json(&json!({"email": email, "password": password}));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn stored(client: &Client, email: &str) -> (bool, String) {
    let row = client.query_one("select password_is_legacy, password_hash from users where email = $1", &[&email]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn people_sign_in_with_the_passwords_they_had_and_are_hashed_anew_once() {
    let domain = domain();
    let line = |(name, _, hash): &(&str, &str, &str)| {
        json!({"email": format!("{name}@{domain}"), "encrypted_password": hash}).to_string()
    };
    let file = file(&format!("{domain}.jsonl"), &PEOPLE.iter().map(line).collect::<Vec<_>>().join("\n"));
    let (ok, said) = import(&file);
    assert!(ok && said.contains("6 lines: 6 imported, 0 there already, 0 refused"), "{said}");
    let client = database().await;
    for (name, password, hash) in PEOPLE {
        let email = format!("{name}@{domain}");
        assert_eq!(stored(&client, &email).await, (true, hash.to_owned()));
        assert_eq!(login(&email, "another password").await.0, 401, "{name}");
        assert_eq!(login(&email, password).await.0, 200, "{name}");
        let (is_legacy, anew) = stored(&client, &email).await;
        assert!(!is_legacy && anew.starts_with("$2a$10$") && anew != hash, "{name}: {anew}");
        assert_eq!(login(&email, password).await.0, 200, "{name}, the second time");
        assert_eq!(login(&email, "another password").await.0, 401, "{name}, the second time");
    }
    // What bcrypt never read counts from now on.
    let (_, long, _) = PEOPLE[2];
    assert_eq!(login(&format!("long@{domain}"), &long[..72]).await.0, 401);
    let again = import(&file);
    assert!(again.0 && again.1.contains("6 lines: 0 imported, 6 there already, 0 refused"), "{}", again.1);
    assert_eq!(login(&format!("supabase@{domain}"), PEOPLE[0].1).await.0, 200, "a second import changes nobody");
}

#[tokio::test]
async fn a_supabase_dump_comes_in_and_what_is_refused_is_named_with_its_line() {
    let domain = domain();
    let hash = PEOPLE[0].2;
    let id = auth::random_uuid().unwrap();
    let text = format!(
        "id,email,encrypted_password,email_confirmed_at,created_at,raw_user_meta_data,phone,banned_until\n\
         {id},Ada@{domain},{hash},2024-01-02 03:04:05+00,2024-01-01 10:00:00+00,\"{{\"\"full_name\"\": \"\"Ada, comtesse\"\"}}\",,\n\
         ,eve@{domain},,,,,,\n\
         ,nobody,{hash},,,,,\n\
         ,ada@{domain},{hash},,,,,\n\
         ,bob@{domain},{hash},,,,+33 6,2999-01-01 00:00:00+00\n\
         ,long@{domain},{hash},,,\"{{\"\"name\"\": \"\"{}\"\"}}\",,\n\
         one,column\n",
        "n".repeat(101)
    );
    let file = file(&format!("{domain}.csv"), &text);
    let (ok, said) = import(&file);
    assert!(!ok && said.contains("7 lines: 2 imported, 0 there already, 5 refused"), "{said}");
    let report = fs::read_to_string(format!("{}.refused.jsonl", file.display())).unwrap();
    let mut refused: Vec<(u64, String)> = report
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| (line["line"].as_u64().unwrap(), line["reason"].as_str().unwrap().to_owned()))
        .collect();
    refused.sort();
    let expected = [
        (3, "hash_missing"),
        (4, "email_unusable"),
        (5, "address_given_twice"),
        (7, "users_name_length"),
        (8, "line_unreadable"),
    ];
    assert_eq!(refused, expected.map(|(line, reason)| (line, reason.to_owned())));
    assert!(!report.contains("$2") && !said.contains("$2"), "a hash is shown");

    let select =
        "select id, name, email_verified_at::text, registration_date::text, is_banned, role, tier from users where email = $1";
    let ada = database().await.query_one(select, &[&format!("ada@{domain}")]).await.unwrap();
    assert_eq!((ada.get::<_, uuid::Uuid>(0), ada.get::<_, String>(1)), (id, "Ada, comtesse".to_owned()));
    assert!(ada.get::<_, String>(2).starts_with("2024-01-02") && ada.get::<_, String>(3).starts_with("2024-01-01"));
    assert_eq!(
        (ada.get::<_, bool>(4), ada.get::<_, String>(5), ada.get::<_, String>(6)),
        (false, "user".to_owned(), "FREE".to_owned())
    );
    assert_eq!(login(&format!("ada@{domain}"), PEOPLE[0].1).await.0, 200);
    let (status, problem) = login(&format!("bob@{domain}"), PEOPLE[0].1).await;
    assert_eq!((status, &problem["code"]), (403, &json!("banned")));
}

#[test]
fn without_a_database_or_a_file_nothing_happens() {
    let (ok, said) = import(&PathBuf::from("nowhere.csv"));
    assert!(!ok && said.contains("nowhere.csv cannot be read"), "{said}");
    let text = file("people.txt", "");
    let (ok, said) = import(&text);
    assert!(!ok && said.contains("neither .csv nor .jsonl"), "{said}");
    let output =
        Command::new(env!("CARGO_BIN_EXE_xtask")).args(["import-users", "x.csv"]).env_remove("DATABASE_URL").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("DATABASE_URL is not set"));
}
