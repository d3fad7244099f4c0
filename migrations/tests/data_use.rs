//! Rows from outside are read as far as the terms of their origin allow: every reader, every purpose, every rule.

use crate::{
    database::{Caller, Database, NOON},
    rules::broken_rules,
};

const TABLE: &str = "
create table public.tracks (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users on delete cascade,
  origin text,
  fetched_at timestamptz not null
);
create index on public.tracks (user_id);
alter table public.tracks enable row level security;
revoke all on public.tracks from public, anon, authenticated;
grant select on public.tracks to authenticated, service, edge_owner;
create policy tracks_own on public.tracks for select to authenticated using ((select edge.uid()) = user_id);
create policy tracks_service on public.tracks for select to service, edge_owner using (true);";

const POLICY: &str = "
create policy tracks_origin on public.tracks as restrictive for select to authenticated, service, edge_owner
using (origin is null or fetched_at >= (case when user_id = (select edge.uid())
  then (select edge.readable_since(true)) else (select edge.readable_since(false)) end ->> origin)::timestamptz);";

/// The rules of an origin that is named after them: `o` others, `a` a model, `g` aggregates, `l` leaderboards, and days.
fn rules() -> Vec<(String, [bool; 4], Option<i32>)> {
    let mut rules = Vec::new();
    for bits in 0..16_u8 {
        for days in [None, Some(7)] {
            let allows = [0, 1, 2, 3].map(|bit| bits & 1 << bit != 0);
            let letters: String = allows.iter().zip("oagl".chars()).filter(|(yes, _)| **yes).map(|(_, letter)| letter).collect();
            rules.push((format!("x_{letters}_{}", days.unwrap_or(0)), allows, days));
        }
    }
    rules
}

/// Whether a row of that origin and age may be read: said a second time, and otherwise than in SQL.
fn may(purpose: &str, is_own: bool, [others, ai, aggregates, leaderboards]: [bool; 4], is_old: bool) -> bool {
    let free = others && ai && aggregates && leaderboards;
    match (purpose, is_own) {
        ("upkeep", _) => true,
        _ if is_old => false,
        ("", true) => true,
        ("", false) => free,
        ("ai", true) => ai,
        ("ai", false) => ai && others,
        ("aggregates", _) => aggregates,
        ("leaderboards", _) => leaderboards,
        _ => false,
    }
}

#[tokio::test]
async fn every_reader_sees_what_the_terms_of_its_origin_allow_and_no_more() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    // Of rules there are those of this test alone.
    owner.batch_execute(&[TABLE, POLICY, "delete from data_use_rules;"].concat()).await.unwrap();
    let (ada, eve) = (database.person("ada@example.org").await, database.person("eve@example.org").await);
    for (origin, [others, ai, aggregates, leaderboards], days) in rules() {
        let insert = "insert into data_use_rules (origin, others, ai, aggregates, leaderboards, days_kept, source, read_on)
                      values ($1, $2, $3, $4, $5, $6, 'https://example.org/terms', '2026-11-01')";
        owner.execute(insert, &[&origin, &others, &ai, &aggregates, &leaderboards, &days]).await.unwrap();
    }
    // Of each person a row of every origin, one that is fresh and one of eight days; one of nowhere, and one of an unknown origin.
    for person in [&ada, &eve] {
        let insert = "insert into tracks (user_id, origin, fetched_at)
                      select $1, o, edge.now() - make_interval(days => d)
                      from (select origin from data_use_rules union all values (null), ('unheard_of')) as origins (o), unnest(array[0, 8]) d";
        owner.execute(insert, &[&person.id()]).await.unwrap();
    }
    let read = "select coalesce(jsonb_agg(distinct user_id || ' ' || coalesce(origin, '') || ' ' || (fetched_at < edge.now())), '[]') from tracks";
    for purpose in ["", "ai", "aggregates", "leaderboards", "upkeep", "nonsense"] {
        for reader in [&ada, &eve, &Caller::service()] {
            let asks = if purpose.is_empty() { reader.clone() } else { reader.claiming("purpose", purpose) };
            let seen = database.call(&asks, NOON, read, &[]).await;
            let is_service = reader.login == "oree_service";
            let mut due = Vec::new();
            for person in [&ada, &eve] {
                let is_own = !is_service && person.id() == reader.id();
                if !is_own && !is_service {
                    continue;
                }
                let mut add = |origin: &str, old: bool| due.push(format!("{} {origin} {old}", person.id()));
                for is_old in [false, true] {
                    add("", is_old);
                    for (origin, allows, days) in rules() {
                        if may(purpose, is_own, allows, is_old && days.is_some()) {
                            add(&origin, is_old);
                        }
                    }
                }
            }
            let mut seen: Vec<String> = serde_json::from_value(seen).unwrap();
            seen.sort();
            due.sort();
            assert_eq!(seen, due, "{purpose:?} by {}", reader.role);
        }
    }
}

#[tokio::test]
async fn a_table_of_rows_from_outside_that_forgets_the_terms_breaks_a_rule() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    owner.batch_execute(TABLE).await.unwrap();
    let broken =
        async || broken_rules(&owner).await.into_iter().filter(|rule| rule.starts_with("rows from outside")).collect::<Vec<_>>();
    assert_eq!(broken().await.len(), 1);
    owner.batch_execute(&POLICY.replace("authenticated, service, edge_owner", "authenticated")).await.unwrap();
    assert_eq!(broken().await.len(), 1, "a reader is missing");
    owner.batch_execute(&["drop policy tracks_origin on public.tracks;", POLICY].concat()).await.unwrap();
    assert_eq!(broken().await, Vec::<String>::new());
}
