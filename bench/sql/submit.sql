select edge.submit_creation(
  kind => $1, input => $2, given => $3, endpoint => $4, place => $5, refresh => $6,
  idempotency_key => $7, request_hash => $8, ttl_s => $9) as answer
