use super::*;

fn connection_lost() -> Result<Response, TransportError> {
    Err(TransportError::Connection("reset".into()))
}

fn conflict() -> Result<Response, TransportError> {
    answer(400, json!({"code": "40001", "severity": "ERROR", "message": "could not serialize access"}))
}

fn fine() -> Result<Response, TransportError> {
    answer(200, json!({"results": [result(&[], json!([])), result(&[], json!([]))]}))
}

/// How many requests were made, and what came of them.
fn attempts(read_only: bool, answers: impl IntoIterator<Item = Result<Response, TransportError>>) -> (usize, Result<u32, Error>) {
    let client = client(answers);
    let mut batch = batch_of(2);
    if read_only {
        batch.read_only();
    }
    let outcome = run(&client, batch).map(|results| results.calls());
    let requests = client.transport().requests.take();
    assert!(requests.windows(2).all(|pair| pair[0].body == pair[1].body));
    assert_eq!(client.transport().pauses.take().len(), requests.len() - 1);
    (requests.len(), outcome)
}

#[test]
fn a_read_is_tried_again_after_a_lost_connection() {
    assert_eq!(attempts(true, [connection_lost(), answer(503, "waking up"), fine()]), (3, Ok(3)));
}

#[test]
fn a_write_with_an_unknown_outcome_is_never_tried_again() {
    assert_eq!(attempts(false, [connection_lost()]).0, 1);
    assert_eq!(attempts(false, [Err(TransportError::Timeout)]).0, 1);
    assert_eq!(attempts(false, [answer(503, "")]).0, 1);
    assert_eq!(attempts(false, [answer(200, "{\"results\":[")]).0, 1);
    assert_eq!(attempts(false, [answer(400, json!({"code": "57P01", "message": "shutdown"}))]).0, 1);
}

#[test]
fn a_conflict_is_tried_again_even_for_a_write_because_it_was_rolled_back() {
    let deadlock = answer(400, json!({"code": "40P01", "message": "deadlock detected"}));
    assert_eq!(attempts(false, [conflict(), deadlock, fine()]), (3, Ok(3)));
}

#[test]
fn three_attempts_are_all() {
    let (requests, outcome) = attempts(true, [conflict(), conflict(), conflict()]);
    assert_eq!(requests, 3);
    assert_eq!(outcome.unwrap_err().sqlstate(), Some("40001"));
}

#[test]
fn patience_spent_is_not_spent_again() {
    assert_eq!(attempts(true, [Err(TransportError::Timeout)]).0, 1);
    assert_eq!(attempts(true, [answer(429, "")]).0, 1);
    assert_eq!(attempts(true, [answer(504, "")]).0, 1);
}

#[test]
fn a_refused_statement_is_not_tried_again() {
    assert_eq!(attempts(true, [answer(400, json!({"code": "23505", "message": "duplicate"}))]).0, 1);
}
