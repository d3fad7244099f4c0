select edge.enter($1, $2) is not null, set_config('role', $3, true) is not null
