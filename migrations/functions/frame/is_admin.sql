-- Tells whether the person of this request acts as an administrator.
create or replace function edge.is_admin() returns boolean
language sql stable parallel safe
return edge.role() = 'admin';
