-- The person of this request; null when nobody is signed in.
--
-- `edge.enter`, the first statement of every request, leaves what it has learnt in transaction-local settings, and the
-- functions of this folder read them. They are plain SQL without a SET clause, so that the planner inlines them: a
-- policy that says `(select edge.uid()) = user_id` costs one settings look-up per statement.

create or replace function edge.uid() returns uuid
language sql stable parallel safe
return nullif(current_setting('oree.uid', true), '')::uuid;

grant execute on function edge.uid() to anon, authenticated, service;
