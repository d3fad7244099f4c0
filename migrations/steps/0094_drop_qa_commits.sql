-- What `edge.qa_commits` was while it gave all that is known of a commit.

set local role edge_owner;
drop function if exists edge.qa_commits(text, text, text, date, date);
reset role;
