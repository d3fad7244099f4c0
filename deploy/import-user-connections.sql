-- Brings in the connections of before there were many providers: a table `user_connections` whose ids and people are UUIDs and whose
-- providers are free text, attached as `legacy.user_connections` (postgres_fdw, or a copy).
--
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -f deploy/import-user-connections.sql
--
-- Each gets a new number; `legacy.user_connections_map` says which, and what became of those that were not taken. Run again, it takes what
-- was not taken before. Tokens stand in plain text there, and nothing but the functions has the keys that seal them here: whoever is brought
-- in connects again (`needs_reauth`), and keeps number, account and settings. To take it back:
--
--   delete from provider_connections c using legacy.user_connections_map m where c.id = m.id and c.access_token is null;
--
-- Of several rows of one person and provider the newest counts; of several people with one account, whoever connected it first. Providers are read as people write them: ` Strava`, `google-health`.

begin;
select set_config('oree.now', statement_timestamp()::text, true);
create table if not exists legacy.user_connections_map (legacy_id uuid primary key, id bigint, outcome text not null);
delete from legacy.user_connections_map where id is null;

create temporary table incoming on commit drop as
select * from (
select (f.fields ->> 'id')::uuid as legacy_id, (f.fields ->> 'user_id')::uuid as user_id,
  replace(replace(lower(btrim(f.fields ->> 'provider')), '-', '_'), ' ', '_') as provider,
  left(nullif(f.fields ->> 'provider_user_id', ''), 200) as account,
  coalesce((f.fields ->> 'created_at')::timestamptz, edge.now()) as created_at,
  row_number() over (partition by f.fields ->> 'user_id', lower(btrim(f.fields ->> 'provider'))
    order by f.fields ->> 'created_at' desc nulls last, f.fields ->> 'id') as place
from legacy.user_connections l cross join lateral (select to_jsonb(l) as fields) as f) as every
where not exists (select from legacy.user_connections_map m where m.legacy_id = every.legacy_id);

insert into public.provider_connections (user_id, provider, status, provider_user_id, cause, cause_at, created_at)
select i.user_id, i.provider::public.provider_type, 'needs_reauth', i.account, 'invalid_grant', edge.now(), i.created_at
from incoming i join public.users u on u.id = i.user_id
where i.place = 1 and i.provider = any (enum_range(null::public.provider_type)::text[])
order by i.created_at, i.legacy_id
on conflict do nothing;

insert into legacy.user_connections_map (legacy_id, id, outcome)
select i.legacy_id, case when i.place = 1 then c.id end,
  case
    when i.provider <> all (enum_range(null::public.provider_type)::text[]) then 'provider_unknown'
    when u.id is null then 'person_unknown'
    when i.place > 1 then 'older_than_another'
    when c.id is null then 'account_of_somebody_else'
    else 'imported'
  end
from incoming i
left join public.users u on u.id = i.user_id
left join public.provider_connections c on c.user_id = i.user_id and c.provider::text = i.provider;

select outcome, count(*) from legacy.user_connections_map group by 1 order by 1;
commit;
