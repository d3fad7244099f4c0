use edge::{HttpAnswer, HttpFailure};

use super::{Output, Report, State, Submission, submission};

fn read(body: &str) -> Report {
    Report::read(body.as_bytes()).unwrap()
}

fn ended(body: &str) -> (Option<State>, Option<String>) {
    let report = read(body);
    (report.state, report.error)
}

fn answer(status: u16, body: &str) -> Submission {
    submission(Ok(HttpAnswer { status, body: body.as_bytes().to_vec(), ..HttpAnswer::default() }))
}

#[test]
fn a_finished_job_tells_its_image_and_its_times() {
    let report = read(
        r#"{"delayTime":4736,"executionTime":157.9,"id":"e46-e1","input":{"world":"x"},"status":"COMPLETED",
            "output":{"image_url":"https://files.example/1.png","seed":7},"webhook":"https://api.example?proof=x"}"#,
    );
    assert_eq!(report.id.as_deref(), Some("e46-e1"));
    assert_eq!(report.state, Some(State::Succeeded));
    assert_eq!(report.output, Some(Output::Link("https://files.example/1.png".to_owned())));
    assert_eq!((report.delay_ms, report.execution_ms, report.error), (Some(4736), Some(157), None));
}

#[test]
fn the_link_is_found_in_every_known_shape_of_output() {
    for output in [
        r#""https://f.example/1.png""#,
        r#"{"image":"https://f.example/1.png"}"#,
        r#"{"images":["https://f.example/1.png"],"seed":1}"#,
        r#"{"images":[{"filename":"1.png","type":"s3_url","data":"https://f.example/1.png"}]}"#,
        r#"[{"url":"https://f.example/1.png"}]"#,
        r#"[{"progress":20},{"image_url":"https://f.example/1.png"}]"#,
        r#"[null,"drawing",[{"images":[{"seed":1},{"url":"https://f.example/1.png"}]}]]"#,
        r#"{"image_url":["",{"url":"https://f.example/1.png"}],"error":"a warning"}"#,
    ] {
        let report = read(&format!(r#"{{"id":"a","status":"COMPLETED","output":{output}}}"#));
        assert_eq!(report.output, Some(Output::Link("https://f.example/1.png".to_owned())), "{output}");
    }
}

#[test]
fn a_file_inside_the_answer_is_found_in_every_known_shape() {
    let file = "iVBORw0KGgoAAAANSUhEUgAAAQAAAAEACAIAAADTED8x";
    for output in [
        format!(r#""{file}""#),
        format!(r#"{{"image":"{file}"}}"#),
        format!(r#"{{"image_url":"data:image/png;base64,{file}"}}"#),
        format!(r#"{{"audio":"{file}","seed":1}}"#),
        format!(r#"{{"images":[{{"filename":"1.png","type":"base64","data":"{file}"}}]}}"#),
    ] {
        let report = read(&format!(r#"{{"id":"a","status":"COMPLETED","output":{output}}}"#));
        assert_eq!(report.output, Some(Output::Inline(file.to_owned())), "{output}");
    }
}

#[test]
fn what_is_neither_a_link_nor_a_file_is_an_honest_failure() {
    for output in [
        r#"{"image":"done"}"#,
        r#"{"image_url":"javascript:alert(1)"}"#,
        r#"{"image_url":"https://f.example/a b"}"#,
        r#"{"image_url":"data:image/png,raw"}"#,
    ] {
        let failed = (Some(State::Failed), Some("output_unsupported".to_owned()));
        assert_eq!(ended(&format!(r#"{{"status":"COMPLETED","output":{output}}}"#)), failed, "{output}");
    }
    for output in ["null", "{}", r#"{"image_url":""}"#, "[]"] {
        let failed = (Some(State::Failed), Some("no_output".to_owned()));
        assert_eq!(ended(&format!(r#"{{"status":"COMPLETED","output":{output}}}"#)), failed, "{output}");
    }
}

#[test]
fn progress_with_an_output_is_not_an_end() {
    let report = read(r#"{"id":"a","status":"IN_PROGRESS","output":{"image_url":"https://f.example/preview.png"}}"#);
    assert_eq!((report.state, report.output), (Some(State::Running), None));
    for (output, percent) in [
        (r#"{"progress":50}"#, Some(50)),
        ("33.4", Some(33)),
        (r#"[{"progress":20},{"progress":40},{"note":"x"}]"#, Some(40)),
        ("250", Some(100)),
        (r#""half""#, None),
    ] {
        let report = read(&format!(r#"{{"id":"a","status":"IN_PROGRESS","output":{output}}}"#));
        assert_eq!(report.progress, percent, "{output}");
    }
}

#[test]
fn an_unknown_word_or_an_empty_answer_is_not_an_end() {
    for body in [r#"{"id":"a","status":"WARMING_UP"}"#, r#"{"status":7}"#, "{}", r#"{"input":{},"webhook":"x"}"#] {
        assert_eq!(read(body).state, None, "{body}");
    }
}

#[test]
fn the_local_server_of_the_sdk_tells_an_end_by_its_output_alone() {
    let report = read(r#"{"output":{"image_url":"https://f.example/1.png"}}"#);
    assert_eq!((report.id, report.state), (None, Some(State::Succeeded)));
}

#[test]
fn what_is_not_an_object_says_nothing() {
    for body in ["", "null", "[]", r#"["https://f.example/1.png"]"#, "<html>", r#""COMPLETED""#, "\u{feff}{}"] {
        assert_eq!(Report::read(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn of_an_error_only_the_message_is_kept() {
    let raised = serde_json::json!({
        "error_type": "<class 'RuntimeError'>", "error_message": "CUDA out of memory", "hostname": "secret-host",
        "error_traceback": "Traceback (most recent call last):\n  File \"/handler.py\"",
    });
    for (error, told) in [
        (serde_json::json!(raised.to_string()), "CUDA out of memory"),
        (raised, "CUDA out of memory"),
        (serde_json::json!(r#"{"hostname":"secret-host"}"#), "runpod_failed"),
        (serde_json::json!("Traceback (most recent call last):\n File \"/h.py\"\nValueError: no seed\n"), "ValueError: no seed"),
        (serde_json::json!("cannot reach https://api.example/x?proof=abc, giving\u{0}up"), "cannot reach [link] giving up"),
        (serde_json::json!(" "), "runpod_failed"),
        (serde_json::json!(null), "runpod_failed"),
        (serde_json::json!(7), "runpod_failed"),
    ] {
        let body = serde_json::json!({ "status": "FAILED", "error": error }).to_string();
        assert_eq!(ended(&body), (Some(State::Failed), Some(told.to_owned())), "{error}");
    }
    let long = serde_json::json!({ "status": "FAILED", "error": "é".repeat(10_000) }).to_string();
    assert_eq!(read(&long).error.map(|error| error.chars().count()), Some(500));
}

#[test]
fn a_worker_is_heard_wherever_it_says_what_went_wrong() {
    for body in [
        r#"{"status":"COMPLETED","output":{"error":"no seed"}}"#,
        r#"{"status":"COMPLETED","output":[{"progress":20},{"error":"no seed"}]}"#,
        r#"{"status":"COMPLETED","output":{"status":"error","message":"no seed"}}"#,
        r#"{"status":"COMPLETED","output":{"success":false,"reason":"no seed"}}"#,
        r#"{"status":"COMPLETED","error":"no seed"}"#,
        r#"{"status":"COMPLETED","output":{"image_url":""},"error":{"message":"no seed"}}"#,
        r#"{"status":"completed","output":"","error":["no seed"]}"#,
        r#"{"status":"FAILED","output":{"errors":["no seed"]}}"#,
        r#"{"status":"FAILED","error":{"error":{"detail":"no seed"}}}"#,
        r#"{"output":{"error":"{\"error_message\":\"no seed\",\"hostname\":\"secret\"}"}}"#,
    ] {
        assert_eq!(ended(body), (Some(State::Failed), Some("no seed".to_owned())), "{body}");
    }
    let silent = ended(r#"{"status":"COMPLETED","output":{"message":"done"}}"#);
    assert_eq!(silent, (Some(State::Failed), Some("output_unsupported".to_owned())));
}

#[test]
fn one_stray_byte_does_not_lose_the_result_beside_it() {
    for echoed in [&b"\"cut \\ud83d\""[..], b"NaN", b"\"\xff\"", b"{\"score\": -Infinity}", b"1e999"] {
        let output = br#", "status": "COMPLETED", "output": {"image_url": "https://f.example/1.png", "echo": "#;
        let report = Report::read(&[br#"{"input": "#, echoed, output, echoed, b"}}"].concat()).unwrap();
        assert_eq!(
            report.output,
            Some(Output::Link("https://f.example/1.png".to_owned())),
            "{}",
            String::from_utf8_lossy(echoed)
        );
    }
    let twice = r#"{"id":"a","id":"b","status":"COMPLETED","output":"https://f.example/1.png"}"#;
    assert_eq!(read(twice).state, Some(State::Succeeded));
}

#[test]
fn a_job_that_took_too_long_has_failed_and_a_cancelled_one_has_no_error() {
    assert_eq!(ended(r#"{"status":"TIMED_OUT"}"#), (Some(State::Failed), Some("timed_out".to_owned())));
    assert_eq!(ended(r#"{"status":"CANCELLED","error":"x"}"#), (Some(State::Cancelled), None));
}

#[test]
fn only_an_answer_of_runpod_itself_is_a_refusal() {
    assert_eq!(answer(200, r#"{"id":"a-u1","status":"IN_QUEUE"}"#), Submission::Accepted { id: "a-u1".to_owned() });
    for status in [302, 400, 401, 404, 429, 503] {
        assert!(matches!(answer(status, ""), Submission::Refused { .. }), "{status}");
    }
    for (status, body) in
        [(500, ""), (502, "<html>"), (504, ""), (524, ""), (200, "{\"id\":\""), (200, "{}"), (200, r#"{"id":"../x"}"#)]
    {
        assert!(matches!(answer(status, body), Submission::Unclear { .. }), "{status} {body}");
    }
    assert!(matches!(submission(Err(HttpFailure::Timeout)), Submission::Unclear { .. }));
}
