-- What `edge.require_role` was for one role.

set local role edge_owner;
drop function if exists edge.require_qa();
reset role;
