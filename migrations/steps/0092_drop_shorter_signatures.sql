-- What `edge.login` and `edge.open_session` were before they knew of the operators' pages.

set local role edge_owner;
drop function if exists edge.login(text, text, text, text, text, text, boolean);
drop function if exists edge.open_session(uuid, text, text);
reset role;
