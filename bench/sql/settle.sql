select edge.idempotency_settle(key => $1, status => 202, body => $2) ->> 'outcome' as outcome
