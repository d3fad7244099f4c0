use auth::{Access, Keys, Role};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{database, variable};

/// Somebody who is signed in. Every test makes its own.
#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    pub session: Uuid,
    pub email: String,
    pub role: Role,
}

impl Person {
    /// Somebody in Paris with an ordinary account.
    pub async fn new() -> Person {
        Person::of(Role::User, "Europe/Paris").await
    }

    pub async fn admin() -> Person {
        Person::of(Role::Admin, "Europe/Paris").await
    }

    /// # Panics
    /// Where the database refuses.
    pub async fn of(role: Role, time_zone: &str) -> Person {
        // A hash that no password has: these people never sign in.
        const NO_PASSWORD: &str = "$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny";
        let id = auth::random_uuid().expect("no randomness");
        let email = format!("{id}@example.org");
        let row = database()
            .await
            .query_one(
                "with person as (
                   insert into users (id, email, password_hash, role, time_zone, email_verified_at)
                   values ($1, $2, $3, $4, $5, edge.now()) returning id)
                 insert into user_sessions (user_id, refresh_hash, expires_at)
                 select id, $6, '2200-01-01' from person returning id",
                &[&id, &email, &NO_PASSWORD, &role.name(), &time_zone, &id.simple().to_string()],
            )
            .await
            .expect("this person cannot be made");
        Person { id, session: row.get(0), email, role }
    }

    /// Gives this person a password, as if chosen by them.
    ///
    /// # Panics
    /// Where `PASSWORD_PEPPER` is not usable or the database refuses.
    pub async fn set_password(&self, password: &str) {
        let pepper = BASE64_STANDARD.decode(variable("PASSWORD_PEPPER")).expect("PASSWORD_PEPPER is not usable");
        let update = "update users set password_hash = edge.bcrypt_hash($2) where id = $1";
        let digest = auth::password_digest(&pepper, password);
        database().await.execute(update, &[&self.id, &digest]).await.expect("this password cannot be set");
    }

    /// The same person on another device.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn elsewhere(&self) -> Person {
        let insert = "insert into user_sessions (user_id, refresh_hash, expires_at)
                      values ($1, gen_random_uuid()::text, '2200-01-01') returning id";
        let row = database().await.query_one(insert, &[&self.id]).await.expect("this session cannot be opened");
        Person { session: row.get(0), ..self.clone() }
    }

    /// An access token that is good at `now`.
    ///
    /// # Panics
    /// Where `JWT_KEYS` is not usable.
    pub fn token(&self, now: DateTime<Utc>) -> String {
        keys().issue(self.access(), now).0
    }

    /// What the cookie of an operator's page holds, good at `now`.
    ///
    /// # Panics
    /// Where `JWT_KEYS` is not usable.
    pub fn page(&self, now: DateTime<Utc>) -> String {
        keys().issue_page(self.access(), now).0
    }

    fn access(&self) -> Access {
        Access { person: self.id, session: self.session, role: self.role }
    }
}

fn keys() -> Keys {
    Keys::parse(&variable("JWT_KEYS")).expect("JWT_KEYS is not usable")
}
