//! Who attacks, whom, and what afterwards shows that it succeeded.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use edge::auth::{Role, random_uuid};
use laws::Subject;
use migrations::{Table, tables};
use serde_json::{Value, json};
use testing::{App, Person};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::campaign::with_body;
use crate::verdict::{Secrets, Verdict};

/// A sequence and a table that every role may use and drop: text that was taken for SQL leaves a trace here. What a sequence
/// gave stays given where a transaction is rolled back; in a READ ONLY one the attempt is an error, and so a 500.
const CANARY: &str = "drop schema if exists canary cascade;
    create schema canary;
    create sequence canary.songs;
    create table canary.nest as select 1 as egg;
    grant all on schema canary to public;
    grant all on all tables in schema canary to public;
    grant all on all sequences in schema canary to public;
    alter table canary.nest owner to authenticated";

/// Somebody with data, attackers without, and a look into the database.
pub struct Scene {
    pub victim: Person,
    pub secrets: Secrets,
    /// Of the victim's rows.
    pub ids: Vec<Uuid>,
    pub numbers: Vec<i64>,
    /// People who may no longer do anything, and why.
    pub outcasts: Vec<(&'static str, Person, u16)>,
    pub tables: Vec<Table>,
    stock: RefCell<BTreeMap<&'static str, Vec<Person>>>,
    owner: Client,
    before: RefCell<Vec<String>>,
}

impl Scene {
    /// Makes a victim who has used every endpoint of `subjects`.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn set(app: &App, subjects: &[Subject]) -> Scene {
        let owner = testing::database().await;
        owner.batch_execute(CANARY).await.expect("the canary cannot be set");
        let tables = tables(&owner).await.into_iter().filter(|table| !table.is_view).collect();
        let victim = Person::new().await;
        let canary = format!("canari-{}", random_uuid().expect("no randomness").simple());
        for subject in subjects {
            use_as_victim(app, subject, &victim, &canary).await;
        }
        let victim = victim.elsewhere().await;
        let origins = testing::variable("ALLOWED_ORIGINS").split(',').map(str::to_owned).collect();
        let secrets = Secrets { texts: vec![canary, victim.email.clone()], origins, public_url: testing::variable("PUBLIC_URL") };
        let mut scene = Scene {
            outcasts: outcasts(&owner).await,
            ids: vec![victim.id],
            numbers: Vec::new(),
            victim,
            secrets,
            tables,
            stock: RefCell::default(),
            owner,
            before: RefCell::default(),
        };
        scene.settle().await;
        scene.find_ids().await;
        scene
    }

    /// Somebody with this role who has done nothing yet, and therefore meets no limit.
    ///
    /// # Panics
    /// Where [`Scene::recruit`] made too few.
    pub fn somebody(&self, role: Role) -> Person {
        self.stock.borrow_mut().get_mut(role.name()).and_then(Vec::pop).expect("too few people were recruited")
    }

    /// Makes people with this role until `count` are there.
    ///
    /// # Panics
    /// Where the database refuses.
    pub async fn recruit(&self, role: Role, count: usize) {
        let there = self.stock.borrow().get(role.name()).map_or(0, Vec::len);
        let missing = i64::try_from(count.saturating_sub(there)).unwrap_or(0);
        let rows = self
            .owner
            .query(
                "with people as (
                   insert into users (email, password_hash, role, time_zone, email_verified_at)
                   select gen_random_uuid() || '@example.org', '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny',
                     $1::text, 'Europe/Paris', edge.now()
                   from generate_series(1, $2::bigint) returning id, email)
                 insert into user_sessions (user_id, refresh_hash, expires_at)
                 select id, gen_random_uuid()::text, '2200-01-01' from people
                 returning user_id, id, (select email from people where people.id = user_id)",
                &[&role.name(), &missing],
            )
            .await
            .expect("these people cannot be made");
        let people = rows.iter().map(|row| Person { id: row.get(0), session: row.get(1), email: row.get(2), role });
        self.stock.borrow_mut().entry(role.name()).or_default().extend(people);
    }

    /// Looks at what no attack may change, to compare with later.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn look(&self) {
        let before = self.traces().await;
        self.before.replace(before);
    }

    /// What has changed since [`Scene::look`].
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn evidence(&self) -> Verdict {
        let after = self.traces().await;
        let before = self.before.borrow();
        let changed: Vec<_> = before.iter().zip(&after).filter(|(before, after)| before != after).collect();
        if changed.is_empty() && !before.is_empty() { Verdict::Held } else { Verdict::Breached(format!("{changed:?}")) }
    }

    /// The victim's rows of each table, who has which rights, and the canary.
    async fn traces(&self) -> Vec<String> {
        let mut traces = Vec::new();
        for table in self.owned() {
            let Table { name, .. } = table;
            let rows = format!(
                "select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from public.{name} t where {}",
                table.rows_of(self.victim.id)
            );
            let row = self.owner.query_one(&rows, &[]).await.expect("a table cannot be read");
            traces.push(format!("{name} of the victim: {}", row.get::<_, String>(0)));
        }
        let rest = "select 'rights: ' || coalesce(string_agg(format('%s %s %s', n, role, tier), ', ' order by role, tier), '')
                    from (select count(*) as n, role, tier from users u
                      where exists (select from user_sessions s where s.user_id = u.id and s.expires_at = '2200-01-01')
                      group by role, tier)
                    union all select format('the canary was heard: %s', (select is_called from canary.songs))
                    union all select format('the nest holds: %s', (select count(*) from canary.nest))";
        match self.owner.query(rest, &[]).await {
            Ok(rows) => traces.extend(rows.iter().map(|row| row.get::<_, String>(0))),
            Err(error) => traces.push(format!("the canary is gone: {error}")),
        }
        traces
    }

    /// Waits until what the victim has asked for has ended: it must not look like a change by somebody else.
    async fn settle(&self) {
        let open = "select (select count(*) from jobs where finished_at is null)
                      + (select count(*) from outbox where delivered_at is null and dead_at is null)";
        for _ in 0..100 {
            let row = self.owner.query_one(open, &[]).await.expect("the jobs cannot be counted");
            if row.get::<_, i64>(0) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn find_ids(&mut self) {
        let mut found = Vec::new();
        for table in self.owned() {
            let ids =
                format!("select id::text from public.{} where {} order by 1 limit 3", table.name, table.rows_of(self.victim.id));
            // Some tables have no such column.
            found.extend(self.owner.query(&ids, &[]).await.unwrap_or_default());
        }
        for row in found {
            let text: String = row.get(0);
            match (text.parse::<Uuid>(), text.parse::<i64>()) {
                (Ok(id), _) if !self.ids.contains(&id) => self.ids.push(id),
                (_, Ok(number)) if !self.numbers.contains(&number) => self.numbers.push(number),
                _ => {}
            }
        }
    }

    /// The tables whose rows are somebody's.
    fn owned(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.owner.is_some())
    }
}

/// Calls an endpoint that writes as the victim, with a text of hers in every field that takes one.
async fn use_as_victim(app: &App, subject: &Subject, victim: &Person, canary: &str) {
    if subject.endpoint.caller != "Person" || !matches!(subject.endpoint.method, "POST" | "PUT") {
        return;
    }
    let with_text = |body: Option<Value>, fields: &[String]| {
        let mut body = body.unwrap_or(Value::Null);
        for field in fields {
            if body[field].as_str().is_some_and(|text| text.starts_with("Phrase")) {
                body[field] = json!(canary);
            }
        }
        body
    };
    let fields = subject.fields("string");
    for body in [with_text(subject.full_body(), &fields), with_text(subject.sample_body(), &fields)] {
        let session = victim.elsewhere().await;
        let call = app.call(subject.endpoint.method, &subject.path(&victim.id.to_string())).by(&session);
        if with_body(subject, call, Some(body).filter(Value::is_object)).send().await.status < 300 {
            return;
        }
    }
}

async fn outcasts(owner: &Client) -> Vec<(&'static str, Person, u16)> {
    const WAYS: [(&str, u16, &str); 7] = [
        ("banned", 403, "update users set is_banned = true where id = $1"),
        ("inactive", 401, "update users set is_active = false where id = $1"),
        ("erased", 401, "update users set deleted_at = edge.now() where id = $1"),
        ("signed out", 401, "update user_sessions set revoked_at = edge.now(), revoked_because = 'logout' where user_id = $1"),
        (
            "token was stolen",
            401,
            "update user_sessions set revoked_at = edge.now(), revoked_because = 'reuse' where user_id = $1",
        ),
        ("session expired", 401, "update user_sessions set expires_at = edge.now() where user_id = $1"),
        ("role was taken away", 401, "update users set role = 'user' where id = $1"),
    ];
    let mut outcasts = Vec::new();
    for (why, status, statement) in WAYS {
        // Once an administrator: the role does not matter any more.
        let person = Person::admin().await;
        owner.execute(statement, &[&person.id]).await.expect("this person cannot be cast out");
        outcasts.push((why, person, status));
    }
    let mut nobody = Person::admin().await;
    nobody.session = random_uuid().expect("no randomness");
    outcasts.push(("session of nobody", nobody, 401));
    let mut thief = Person::admin().await;
    thief.session = Person::new().await.session;
    outcasts.push(("session of somebody else", thief, 401));
    outcasts
}
