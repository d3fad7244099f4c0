-- What `edge.require_entitlement`, `edge.require_managing` and `edge.creation_in` were called.

set local role edge_owner;
drop function if exists edge.demand(text, integer, uuid);
drop function if exists edge.demand_to_manage(uuid);
drop function if exists edge.creation_on(text, uuid);
reset role;
