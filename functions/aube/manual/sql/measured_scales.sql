-- What `edge.measure_scales` has kept of a question set: over how many people a scale is measured at least, when that was, and
-- [{lang, scale, people, alpha, items}] by language and scale.
create or replace function edge.measured_scales(question_set text)
returns table (smallest integer, computed_at timestamptz, scales jsonb)
language sql stable security definer set search_path = ''
as $$
  select (edge.setting('psychometrics_people') #>> '{}')::int, max(p.computed_at),
    coalesce(jsonb_agg(jsonb_build_object('lang', p.lang, 'scale', p.scale, 'people', p.people, 'alpha', p.alpha,
      'items', p.items) order by p.lang, p.scale), '[]')
  from public.career_psychometrics p
  where p.question_set_version = measured_scales.question_set
$$;

grant execute on function edge.measured_scales(text) to authenticated;
