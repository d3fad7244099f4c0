//! What every contestant stands on: one PostgreSQL with the same data, one gateway, one set of simulators, optimised builds.

use std::{collections::BTreeMap, net::TcpListener};

use anyhow::{Context, Result};
use auth::{Access, Keys, Role};
use chrono::Utc;
use tokio_postgres::{Client, NoTls};

use xtask::{
    build, database,
    guard::Guarded,
    postgres::{Data, Installation, Postgres},
    project::Project,
    secrets,
    settings::{Ports, Settings, variables},
    stack,
};

/// People of each kind; one for each connection.
pub const PEOPLE: usize = 16;

/// Days of data behind a streak.
const STREAK_DAYS: i32 = 400;

pub struct Ground {
    pub variables: BTreeMap<String, String>,
    /// To the database, past row level security.
    pub superuser_url: String,
    pub gateway: Guarded,
    pub client: Client,
    simulators: Guarded,
    postgres: Postgres,
    keys: Keys,
}

/// Somebody who is signed in.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    session: String,
}

/// People by what the database holds of them.
pub struct People {
    /// A streak of more than a year.
    pub steady: Vec<Person>,
    /// A hundred entries.
    pub listed: Vec<Person>,
    /// Nothing yet.
    pub new: Vec<Person>,
}

impl Ground {
    /// Starts everything; `hosts` are the addresses that contestants will have.
    pub async fn start(project: &Project, hosts: &[String]) -> Result<Ground> {
        build::native_servers(project).await?;
        let (ports, secrets, settings) = (Ports::free()?, secrets::fresh()?, Settings::of_tests(None));
        let logs = project.path("build/bench-logs");
        let keys = Keys::parse(&secrets["JWT_KEYS"]).ok().context("JWT_KEYS is not usable")?;
        let installation = Installation::find(project)?;
        let postgres = installation.start(Data::Bench, ports.postgres, &secrets, &logs.join("postgres.log")).await?;
        let logins = database::prepare(project, &postgres.url, &settings, &secrets).await?;
        let mut variables = variables(&settings, ports, secrets);
        variables.insert("DATABASE_URL".to_owned(), postgres.url.clone());
        variables.extend(logins);
        // As deployed, except that limits are lifted and every contestant's address is known.
        variables.insert("STAGE".to_owned(), "staging".to_owned());
        variables.insert("LIMIT_SCALE".to_owned(), "1000000".to_owned());
        variables.insert("ALLOWED_HOSTS".to_owned(), hosts.join(","));
        let programs = project.target().join("native");
        let gateway = stack::serve_gateway(&programs, ports.gateway, &postgres.url, &logs).await?;
        let simulators = stack::serve_simulators(
            &programs,
            ports.simulators,
            &variables,
            &logs,
            // Jobs stay in the queue, so that no callback disturbs a measurement.
            &["--no-limits", "--queue-ms", "3600000", "--max-jobs", "1000"],
        )
        .await?;
        let (client, connection) = tokio_postgres::connect(&postgres.superuser_url, NoTls).await?;
        tokio::spawn(connection);
        let superuser_url = postgres.superuser_url.clone();
        Ok(Ground { variables, superuser_url, gateway, client, simulators, postgres, keys })
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
        self.simulators.stop().await;
        self.postgres.stop().await;
    }

    /// Makes the people, and their data.
    pub async fn people(&self) -> Result<People> {
        let people = People {
            steady: self.signed_in("steady").await?,
            listed: self.signed_in("listed").await?,
            new: self.signed_in("new").await?,
        };
        self.client
            .batch_execute(&format!(
                "select set_config('oree.now', date_trunc('milliseconds', clock_timestamp())::text, false);
                 insert into kaizen (user_id, action, date, completed)
                 select u.id, 'Ranger le bureau, entrée ' || n, (edge.now() at time zone 'Europe/Paris')::date - n, n % 97 <> 3
                 from users u, generate_series(0, {STREAK_DAYS} - 1) as n where u.email like 'steady%';
                 insert into kaizen (user_id, action, date, completed)
                 select u.id, 'Écrire à quelqu''un, entrée ' || n, (edge.now() at time zone 'Europe/Paris')::date - n, n % 3 = 0
                 from users u, generate_series(0, 99) as n where u.email like 'listed%';
                 update settings set value = '{{\"FREE\": 999999, \"PREMIUM\": 999999}}'
                 where key = 'scenes_per_day';
                 select set_config('oree.now', '', false);"
            ))
            .await?;
        self.client.batch_execute("vacuum analyze").await?;
        Ok(people)
    }

    async fn signed_in(&self, kind: &str) -> Result<Vec<Person>> {
        let rows = self
            .client
            .query(
                "with context as materialized (select set_config('oree.now', clock_timestamp()::text, false)),
                 person as (
                   insert into users (id, email, password_hash, role, time_zone, email_verified_at, registration_date,
                     created_at, updated_at)
                   select gen_random_uuid(), $1 || n || '@example.org',
                     '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny', 'user', 'Europe/Paris',
                     clock_timestamp(), clock_timestamp(), clock_timestamp(), clock_timestamp()
                   from context, generate_series(1, $2) as n returning id)
                 insert into user_sessions (user_id, refresh_hash, expires_at, created_at)
                 select id, id::text, '2200-01-01', clock_timestamp() from person returning user_id::text, id::text",
                &[&kind, &i32::try_from(PEOPLE)?],
            )
            .await?;
        Ok(rows.iter().map(|row| Person { id: row.get(0), session: row.get(1) }).collect())
    }

    /// Forgets the scenes asked for so far, which would slow the count of a day's quota.
    pub async fn forget_scenes(&self) -> Result<()> {
        Ok(self.client.batch_execute("truncate scenes, creations, jobs cascade").await?)
    }

    /// A fresh access token.
    pub fn token(&self, person: &Person) -> Result<String> {
        let access = Access { person: person.id.parse()?, session: person.session.parse()?, role: Role::User };
        #[expect(clippy::disallowed_methods, reason = "a tool has no request to take the time from")]
        let now = Utc::now();
        Ok(self.keys.issue(access, now).0)
    }
}

/// Ports that nobody uses now.
pub fn free_ports(count: usize) -> Result<Vec<u16>> {
    let held = (0..count).map(|_| TcpListener::bind(("127.0.0.1", 0))).collect::<Result<Vec<_>, _>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}
