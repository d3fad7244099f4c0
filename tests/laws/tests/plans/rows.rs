//! So many rows of every table that reading them all costs more than an index.

use std::collections::BTreeSet;

use tokio_postgres::Client;

const ROWS: u64 = 10_000;

/// Tables that stay small, and why.
const SMALL: &[(&str, &str)] = &[
    ("achievements", "a dozen rules, written by hand"),
    ("consent_purposes", "a dozen texts, written by hand"),
    ("job_latencies", "a dozen rows a day"),
    ("progress_rules", "a dozen rules, written by hand"),
    ("settings", "what settings.sql lists"),
];

/// Of a hundred sessions one goes on.
const MOSTLY_ENDED: &str = "case when n % 100 > 0 then 'completed' else 'started' end";

/// Columns that the copies of an example would all have alike, as nothing real is, in terms of the number `n` of the copy.
const VARIED: &[(&str, &str, &str)] = &[
    ("ar_filter_sessions", "state", MOSTLY_ENDED),
    ("breathing_vr_sessions", "state", MOSTLY_ENDED),
    ("bubble_beat_sessions", "state", MOSTLY_ENDED),
    ("flash_lite_sessions", "state", MOSTLY_ENDED),
    ("meditation_sessions", "state", MOSTLY_ENDED),
    ("music_sessions", "state", MOSTLY_ENDED),
    ("screen_silk_sessions", "state", MOSTLY_ENDED),
    ("story_sessions", "state", MOSTLY_ENDED),
    ("vr_dome_sessions", "state", MOSTLY_ENDED),
    ("vr_nebula_sessions", "state", MOSTLY_ENDED),
    ("creations", "result_url", "'https://images.example/' || n"),
    ("files", "address", "'storage://files/' || md5(n::text) || '/' || md5(n::text)::uuid"),
    ("files", "delete_after", "case when n % 100 = 0 then edge.now() + n * interval '1 hour' end"),
    ("jobs", "finished_at", "case when n % 100 > 0 then edge.now() - n * interval '1 hour' end"),
    ("jobs", "output", "case when n % 100 > 0 then jsonb_build_object('url', 'https://images.example/' || n) end"),
    ("jobs", "state", "case when n % 100 > 0 then 'succeeded' else 'queued' end"),
    ("outbox", "delivered_at", "case when n % 100 > 0 then edge.now() - n * interval '1 hour' end"),
    ("provider_connections", "access_token", "(n % 2) || r.access_token"),
    // One per provider, so many people.
    ("provider_connections", "user_id", "md5(n::text)::uuid"),
    ("scenes", "image_url", "'https://images.example/' || n"),
];

/// The columns of each table, with an expression by which copy `n` is made of the row `r` that is there. Between two copies lies
/// an hour; 300 people have them, unless one person can have one only; and whatever an index speaks of is different in each.
/// What refers to another table's row is varied as that row is, and so still finds it.
const COPIES: &str = "
    with spoken as (
      select indrelid as id, unnest(indkey::smallint[]) as place from pg_index
      union
      select d.refobjid, d.refobjsubid
      from pg_index i
      join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.refobjid = i.indrelid
      where i.indexprs is not null
    ),
    columns as (
      select c.oid as id, c.relname::text as name, a.attnum as place, quote_ident(a.attname) as column,
        format_type(a.atttypid, null) as type, (c.oid, a.attnum) in (select * from spoken) as is_spoken_of,
        a.attname = 'user_id' or exists (
          select from pg_constraint k
          where k.conrelid = c.oid and k.contype = 'f' and k.confrelid = 'public.users'::regclass and k.conkey = array[a.attnum]
        ) as is_person
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
    ),
    one_each as (
      select i.indrelid as id
      from pg_index i
      where i.indisunique and i.indpred is null and i.indexprs is null and not exists (
        select from columns c where c.id = i.indrelid and c.place = any (i.indkey) and not c.is_person)
    )
    select c.name, array_agg(c.column order by c.place), array_agg(format(case
        when is_person and c.id not in (select id from one_each) then 'case when r.%1$s is not null then md5((n %% 300)::text)::uuid end'
        when type = 'uuid' then 'case when r.%1$s is not null then md5(n::text)::uuid end'
        when type = 'timestamp with time zone' then 'r.%1$s - n * interval ''1 hour'''
        when type = 'date' then 'r.%1$s - 7 * (n / 300)'
        when is_spoken_of and type in ('bigint', 'integer') then 'case when r.%1$s is not null then n + 1000 end'
        when is_spoken_of and type = 'text' then 'r.%1$s || ''_'' || n'
        else 'r.%1$s' end, c.column) order by c.place)
    from columns c
    group by c.name";

/// Copies are there to be many, not to be right.
const WITHOUT_CONSTRAINTS: &str = "
    set session_replication_role = replica;
    do $$
    declare
      found record;
    begin
      for found in
        select conrelid::regclass as name, conname from pg_constraint
        where contype = 'c' and conrelid <> 0 and connamespace = 'public'::regnamespace
      loop
        execute format('alter table %s drop constraint %I', found.name, found.conname);
      end loop;
      for found in
        select c.oid::regclass as name, a.attname
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and a.attnotnull and a.attidentity = ''
          and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and a.attnum = any (i.indkey))
      loop
        execute format('alter table %s alter %I drop not null', found.name, found.attname);
      end loop;
    end $$";

/// Fills every table that does not stay small, and says which those are. Each must hold a row already.
pub async fn fill(owner: &Client) -> BTreeSet<String> {
    owner.batch_execute(WITHOUT_CONSTRAINTS).await.unwrap();
    let mut filled = BTreeSet::new();
    for row in owner.query(COPIES, &[]).await.unwrap() {
        let (table, columns, values): (String, Vec<String>, Vec<String>) = (row.get(0), row.get(1), row.get(2));
        if SMALL.iter().any(|(small, _)| *small == table) {
            continue;
        }
        let varied =
            |column: &str| VARIED.iter().find(|(of, name, _)| (*of, *name) == (&table, column)).map(|(_, _, value)| *value);
        let values = columns.iter().zip(&values).map(|(column, value)| varied(column).unwrap_or(value));
        let copy = format!(
            "insert into public.{table} ({}) overriding system value
             select {} from generate_series(1, {ROWS}) as n, (select * from public.{table} limit 1) as r
             on conflict do nothing",
            columns.join(", "),
            values.collect::<Vec<_>>().join(", ")
        );
        let copies = owner.execute(&copy, &[]).await.unwrap_or_else(|error| panic!("{table} cannot be filled: {error:?}"));
        assert!(
            copies > ROWS / 10 * 9,
            "only {copies} copies of the example of {table} could be made: VARIED makes them different"
        );
        filled.insert(table);
    }
    owner.batch_execute("set session_replication_role = origin; analyze").await.unwrap();
    filled
}
