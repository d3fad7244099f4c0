-- How many bubbles of a game these taps pop. A tap {bubble, ms, x, y} pops its bubble where it lies within 60 of its place and within
-- its time; a bubble pops once.
create or replace function edge.bubbles_popped(seed integer, difficulty text, taps jsonb) returns integer
language sql immutable parallel safe
as $$
  select count(distinct t.bubble)::integer
  from jsonb_to_recordset(taps) as t (bubble integer, ms integer, x integer, y integer),
    lateral (select edge.bubble_at(bubbles_popped.seed, t.bubble) as place) as b
  where t.ms between b.place[3] and b.place[3] + case bubbles_popped.difficulty when 'easy' then 2000 when 'medium' then 1500 else 1000 end
    and (t.x - b.place[1]) ^ 2 + (t.y - b.place[2]) ^ 2 <= 3600
$$;

grant execute on function edge.bubbles_popped(integer, text, jsonb) to authenticated, service;
