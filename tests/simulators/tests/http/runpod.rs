//! RunPod's published semantics, one by one.

use std::time::{Duration, Instant};

use crate::support::{Receiver, status_and_body, with, world};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_call_without_a_key_is_401() {
    let world = world().await;
    let answer = world.http.get(world.url("/runpod/v2/ep/health")).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let answer = world.http.get(world.url("/runpod/v2/ep/health")).bearer_auth("invalid-key").send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn an_endpoint_that_does_not_exist_is_404() {
    let world = world().await;
    assert_eq!(world.post("/runpod/v2/missing-ep/run", json!({ "input": {} })).await.0, 404);
}

#[tokio::test]
async fn a_submission_needs_an_input_object_a_text_webhook_and_a_policy_in_range() {
    let world = world().await;
    let refused = [
        json!({}),
        json!([]),
        json!({ "input": null }),
        json!({ "input": "text" }),
        json!({ "input": {}, "webhook": 7 }),
        json!({ "input": {}, "policy": { "executionTimeout": 4_999 } }),
        json!({ "input": {}, "policy": { "ttl": 9_999 } }),
        json!({ "input": {}, "policy": { "ttl": 604_800_001 } }),
        json!({ "input": { "decor": "sim:misspelt" } }),
    ];
    for body in refused {
        assert_eq!(world.post("/runpod/v2/ep/run", body.clone()).await.0, 400, "{body}");
    }
    let unknown_key = json!({ "input": {}, "idempotencyKey": "a", "policy": { "lowPriority": true } });
    assert_eq!(world.post("/runpod/v2/ep/run", unknown_key).await.0, 200);
}

#[tokio::test]
async fn run_takes_10_mb_and_runsync_20_mb() {
    let world = world().await;
    let large = json!({ "input": { "image": "x".repeat(10_000_000) } });
    assert_eq!(world.post("/runpod/v2/ep/run", large.clone()).await.0, 400);
    assert_eq!(world.post("/runpod/v2/ep/runsync", large).await.0, 200);
    let larger = json!({ "input": { "image": "x".repeat(20_000_000) } });
    assert_eq!(world.post("/runpod/v2/ep/runsync", larger).await.0, 400);
}

#[tokio::test]
async fn a_job_goes_from_queue_over_progress_to_completed() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:queue=60000 sim:slow=60000" } })).await;
    let uuid = id.strip_suffix("-u1").unwrap();
    assert_eq!(uuid.len(), 36);
    let (_, queued) = world.status(&id).await;
    assert_eq!(queued, json!({ "id": id, "status": "IN_QUEUE" }));
    world.advance(&id, 60_000).await;
    let running = world.until(&id, |_, view| view["status"] == "IN_PROGRESS").await;
    assert!(running["delayTime"].as_u64().unwrap() >= 60_000);
    assert!(running.get("output").is_none());
    world.advance(&id, 60_000).await;
    let done = world.until(&id, |_, view| view["status"] == "COMPLETED").await;
    assert!(done["executionTime"].as_u64().unwrap() >= 60_000);
    assert!(done["workerId"].is_string());
    assert!(done["output"]["image_url"].is_string());
    assert!(done.get("input").is_none() && done.get("webhook").is_none());
}

#[tokio::test]
async fn status_may_be_posted_too() {
    let world = world().await;
    let id = world.run(json!({ "input": {} })).await;
    assert_eq!(world.post(&format!("/runpod/v2/ep/status/{id}"), json!({})).await.0, 200);
}

#[tokio::test]
async fn another_endpoints_job_is_404() {
    let world = world().await;
    let id = world.run(json!({ "input": {} })).await;
    assert_eq!(world.get(&format!("/runpod/v2/other/status/{id}")).await.0, 404);
}

#[tokio::test]
async fn the_image_is_a_real_png_and_depends_only_on_the_input() {
    let world = world().await;
    let mut urls = Vec::new();
    for prompt in ["a wood", "a wood", "a lake"] {
        let id = world.run(json!({ "input": { "prompt": prompt } })).await;
        urls.push(world.settled(&id).await["output"]["image_url"].as_str().unwrap().to_owned());
    }
    assert_eq!(urls[0], urls[1]);
    assert_ne!(urls[0], urls[2]);
    let answer = world.http.get(&urls[0]).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    let bytes = answer.bytes().await.unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((frame.width, frame.height), (256, 256));
}

#[tokio::test]
async fn outputs_come_in_the_shapes_that_workers_use() {
    let world = world().await;
    let output = async |markers: &str| {
        let id = world.run(json!({ "input": { "prompt": markers } })).await;
        world.settled(&id).await["output"].clone()
    };
    assert!(output("sim:base64").await["image"].as_str().unwrap().starts_with("iVBORw0KGgo"));
    assert!(output("sim:shape=data-uri").await["image_url"].as_str().unwrap().starts_with("data:image/png;base64,"));
    assert!(output("sim:shape=images").await["images"][0].as_str().unwrap().starts_with("http://"));
    assert_eq!(output("sim:shape=comfyui").await["images"][0]["type"], "base64");
    assert!(output("sim:shape=text").await.is_string());
    assert_eq!(output("sim:empty").await, Value::Null);
    assert_eq!(output("sim:padding=5000").await["padding"].as_str().unwrap().len(), 5000);
    let gone = output("sim:file=gone").await["image_url"].as_str().unwrap().to_owned();
    assert_eq!(world.http.get(gone).send().await.unwrap().status(), 404);
    let page = output("sim:file=html").await["image_url"].as_str().unwrap().to_owned();
    assert!(world.http.get(page).send().await.unwrap().text().await.unwrap().contains("<html>"));
}

#[tokio::test]
async fn progress_is_in_progress_with_an_output() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:progress=1 sim:slow=60000" } })).await;
    world.until(&id, |_, view| view["status"] == "IN_PROGRESS").await;
    world.advance(&id, 30_000).await;
    let view = world.until(&id, |_, view| view.get("output").is_some()).await;
    assert_eq!((&view["status"], &view["output"]["progress"]), (&json!("IN_PROGRESS"), &json!(50)));
    world.advance(&id, 30_000).await;
    assert!(world.settled(&id).await["output"]["image_url"].is_string());
}

#[tokio::test]
async fn an_unknown_state_is_shown_before_the_end() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:unknown-state sim:slow=60000" } })).await;
    world.until(&id, |_, view| view["status"] == "WARMING_UP").await;
    world.advance(&id, 60_000).await;
    assert_eq!(world.settled(&id).await["status"], "COMPLETED");
}

#[tokio::test]
async fn a_failure_is_a_sentence_or_a_document_in_a_string() {
    let world = world().await;
    let plain = world.run(json!({ "input": { "prompt": "sim:fail" } })).await;
    let plain = world.settled(&plain).await;
    assert_eq!(plain["status"], "FAILED");
    assert!(plain["error"].as_str().unwrap().starts_with("CUDA"));
    let raised = world.run(json!({ "input": { "prompt": "sim:fail-json" } })).await;
    let raised = world.settled(&raised).await;
    let document: Value = serde_json::from_str(raised["error"].as_str().unwrap()).unwrap();
    assert!(document["error_traceback"].as_str().unwrap().starts_with("Traceback"));
}

#[tokio::test]
async fn only_a_failed_or_timed_out_job_can_be_retried_under_its_id() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let id = world.run(json!({ "input": { "prompt": "sim:fail=1" }, "webhook": receiver.url })).await;
    assert_eq!(world.settled(&id).await["status"], "FAILED");
    let (status, answer) = world.post(&format!("/runpod/v2/ep/retry/{id}"), json!({})).await;
    assert_eq!((status, answer), (200, json!({ "id": id, "status": "IN_QUEUE" })));
    let job = world.settled(&id).await;
    assert_eq!((&job["status"], &job["executions"], &job["retries"]), (&json!("COMPLETED"), &json!(2), &json!(1)));
    assert_eq!(world.post(&format!("/runpod/v2/ep/retry/{id}"), json!({})).await.0, 400);
    let reported: Vec<Value> = receiver.bodies().iter().map(|body| body["status"].clone()).collect();
    assert_eq!(reported, ["FAILED", "COMPLETED"]);
}

#[tokio::test]
async fn a_queued_or_running_job_can_be_cancelled_and_its_webhook_stays_silent() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    for marker in ["sim:queued", "sim:stuck"] {
        let id = world.run(json!({ "input": { "prompt": marker }, "webhook": receiver.url })).await;
        if marker == "sim:stuck" {
            world.until(&id, |_, view| view["status"] == "IN_PROGRESS").await;
        }
        let (status, answer) = world.post(&format!("/runpod/v2/ep/cancel/{id}"), json!({})).await;
        assert_eq!((status, answer), (200, json!({ "id": id, "status": "CANCELLED" })));
        assert_eq!(world.settled(&id).await["status"], "CANCELLED");
    }
    assert_eq!(receiver.bodies(), [] as [Value; 0]);
}

#[tokio::test]
async fn purging_removes_what_is_queued_and_nothing_else() {
    let world = world().await;
    let queued = world.run(json!({ "input": { "prompt": "sim:queued" } })).await;
    let running = world.run(json!({ "input": { "prompt": "sim:stuck" } })).await;
    world.until(&running, |_, view| view["status"] == "IN_PROGRESS").await;
    let (_, health) = world.get("/runpod/v2/ep/health").await;
    assert_eq!((&health["jobs"]["inQueue"], &health["jobs"]["inProgress"]), (&json!(1), &json!(1)));
    assert_eq!(health["workers"]["running"], 1);
    let (_, purged) = world.post("/runpod/v2/ep/purge-queue", json!({})).await;
    assert_eq!(purged, json!({ "removed": 1, "status": "completed" }));
    assert_eq!(world.status(&queued).await.0, 404);
    assert_eq!(world.status(&running).await.0, 200);
    let (_, requests) = world.get("/runpod/v2/ep/requests").await;
    assert_eq!(requests["requests"][0]["id"], json!(running));
}

#[tokio::test]
async fn a_result_is_kept_for_30_minutes_and_a_sync_one_for_one() {
    let world = world().await;
    let id = world.run(json!({ "input": {} })).await;
    world.settled(&id).await;
    world.advance(&id, 29 * 60_000).await;
    assert_eq!(world.status(&id).await.0, 200);
    world.advance(&id, 60_000).await;
    world.until(&id, |status, _| status == 404).await;
    assert_eq!(world.settled(&id).await["gone"], "retention");
    assert_eq!(world.post(&format!("/runpod/v2/ep/retry/{id}"), json!({})).await.0, 404);

    let (_, answer) = world.post("/runpod/v2/ep/runsync", json!({ "input": {} })).await;
    let id = answer["id"].as_str().unwrap();
    assert!(id.starts_with("sync-"));
    assert_eq!(answer["status"], "COMPLETED");
    world.advance(id, 60_000).await;
    world.until(id, |status, _| status == 404).await;
}

#[tokio::test]
async fn runsync_answers_with_the_unfinished_job_when_its_wait_is_over() {
    let world = world().await;
    let body = json!({ "input": { "prompt": "sim:stuck" } });
    let (status, answer) = world.post("/runpod/v2/ep/runsync?wait=1000", body).await;
    assert_eq!((status, &answer["status"]), (200, &json!("IN_PROGRESS")));
}

#[tokio::test]
async fn the_ttl_ends_even_a_running_job_in_404() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:stuck" }, "policy": { "ttl": 10_000 } })).await;
    world.until(&id, |_, view| view["status"] == "IN_PROGRESS").await;
    world.advance(&id, 10_000).await;
    world.until(&id, |status, _| status == 404).await;
    assert_eq!(world.settled(&id).await["gone"], "ttl");
}

#[tokio::test]
async fn the_execution_timeout_counts_running_time_only() {
    let world = world().await;
    let body = json!({ "input": { "prompt": "sim:stuck sim:queue=60000" }, "policy": { "executionTimeout": 5_000 } });
    let id = world.run(body).await;
    world.advance(&id, 59_000).await;
    assert_eq!(world.status(&id).await.1["status"], "IN_QUEUE");
    world.advance(&id, 1_000).await;
    world.until(&id, |_, view| view["status"] == "IN_PROGRESS").await;
    world.advance(&id, 5_000).await;
    world.until(&id, |_, view| view["status"] == "TIMED_OUT").await;
}

#[tokio::test]
async fn the_webhook_is_told_the_status_with_the_echo_of_input_and_webhook() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let input = json!({ "prompt": "a wood", "secret": "comes back" });
    let id = world.run(json!({ "input": input, "webhook": receiver.url })).await;
    let job = world.settled(&id).await;
    assert_eq!(job["callbacks"][0]["status"], 200);
    let body = &receiver.bodies()[0];
    let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["delayTime", "executionTime", "id", "input", "output", "status", "webhook", "workerId"]);
    assert_eq!((&body["id"], &body["input"], &body["webhook"]), (&json!(id), &input, &json!(receiver.url)));
}

#[tokio::test]
async fn a_webhook_is_tried_three_times_until_exactly_200() {
    let world = world().await;
    let receiver = Receiver::start(&[500, 204]).await;
    let id = world.run(json!({ "input": {}, "webhook": receiver.url })).await;
    let job = world.settled(&id).await;
    let statuses: Vec<&Value> = job["callbacks"].as_array().unwrap().iter().map(|call| &call["status"]).collect();
    assert_eq!(statuses, [500, 204, 200]);
    assert_eq!(receiver.bodies().len(), 3);

    let deaf = Receiver::start(&[503; 9]).await;
    let id = world.run(json!({ "input": { "prompt": "sim:fail" }, "webhook": deaf.url })).await;
    world.settled(&id).await;
    assert_eq!(deaf.bodies().len(), 3);
    assert_eq!(deaf.bodies()[0]["status"], "FAILED");
}

#[tokio::test]
async fn an_unreachable_webhook_leaves_its_url_out_of_the_ledgers_errors() {
    let world = world().await;
    let id = world.run(json!({ "input": {}, "webhook": "http://127.0.0.1:9/hook?token=secret" })).await;
    let job = world.settled(&id).await;
    assert_eq!(job["callbacks"].as_array().unwrap().len(), 3);
    assert!(!job["callbacks"].to_string().contains("secret"));
}

#[tokio::test]
async fn webhook_calls_can_be_lost_doubled_late_stale_or_forged() {
    let world = world().await;
    let callbacks = async |markers: &str| {
        let receiver = Receiver::start(&[]).await;
        let id = world.run(json!({ "input": { "prompt": markers }, "webhook": receiver.url })).await;
        let job = world.settled(&id).await;
        assert_eq!(job["executions"], 1);
        (receiver.bodies(), job)
    };
    assert_eq!(callbacks("sim:lost-callback").await.0.len(), 0);
    assert_eq!(callbacks("sim:duplicate").await.0.len(), 2);
    assert_eq!(callbacks("sim:twin=4").await.0.len(), 4);
    let (_, late) = callbacks("sim:late=200").await;
    assert!(late["callbacks"][0]["at_ms"].as_u64().unwrap() >= 200);
    let (stale, _) = callbacks("sim:stale").await;
    assert_eq!((&stale[0]["status"], &stale[1]["status"]), (&json!("COMPLETED"), &json!("IN_PROGRESS")));
    let (forged, job) = callbacks("sim:no-id").await;
    assert_ne!(forged[0]["id"], job["id"]);
    let (bare, _) = callbacks("sim:bare-callback").await;
    assert_eq!(bare[0].as_object().unwrap().len(), 1);
    assert_eq!(callbacks("sim:timeout").await.0.len(), 0);
    assert_eq!(callbacks("sim:timeout sim:callback-always").await.0[0]["status"], "TIMED_OUT");
}

#[tokio::test]
async fn a_reordered_webhook_call_comes_before_the_answer_to_run() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    world.run(json!({ "input": { "prompt": "sim:reorder" }, "webhook": receiver.url })).await;
    assert_eq!(receiver.bodies().len(), 1);
}

#[tokio::test]
async fn a_test_can_repeat_and_forge_a_webhook_call() {
    let world = world().await;
    let receiver = Receiver::start(&[200, 409]).await;
    let id = world.run(json!({ "input": {}, "webhook": receiver.url })).await;
    world.settled(&id).await;
    let path = format!("/control/runpod/jobs/{id}/callback");
    let (_, delivery) = world.post(&path, json!({ "status": "FAILED" })).await;
    assert_eq!(delivery["status"], 409);
    assert_eq!(receiver.bodies()[1]["status"], "FAILED");
    let answer = world.send(Method::POST, &path, None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(receiver.bodies()[2]["status"], "COMPLETED");
}

#[tokio::test]
async fn a_submission_can_be_refused_for_good_or_a_few_times() {
    let world = world().await;
    let submit = async |prompt: &str| {
        let path = "/runpod/v2/ep/run";
        world.send(Method::POST, path, Some(json!({ "input": { "prompt": prompt } }))).await
    };
    let refused = submit("sim:429 for ever").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(submit("sim:429 for ever").await.status(), 429);
    assert_eq!(submit("sim:500=1 once").await.status(), 500);
    assert_eq!(submit("sim:500=1 once").await.status(), 200);
    let page = submit("sim:html").await;
    assert_eq!(page.status(), 502);
    assert!(page.text().await.unwrap().contains("<html>"));
    let (_, found) = world.get("/control/runpod/jobs").await;
    assert_eq!(found["total"], 1);
}

#[tokio::test]
async fn an_unclear_answer_leaves_a_job_that_runs() {
    let world = world().await;
    for marker in ["sim:500-after", "sim:truncated-after", "sim:hang-after"] {
        let body = json!({ "input": { "prompt": marker } });
        let request = world.http.post(world.url("/runpod/v2/ep/run")).bearer_auth("key").json(&body);
        let answer = request.timeout(Duration::from_millis(300)).send().await;
        let known = match answer {
            Ok(answer) => answer.json::<Value>().await.is_ok_and(|body| body["id"].is_string()),
            Err(_) => false,
        };
        assert!(!known, "{marker}");
        let (_, found) = world.get(&format!("/control/runpod/jobs?contains={marker}&wait=5000")).await;
        assert_eq!((&found["total"], &found["executions"]), (&json!(1), &json!(1)), "{marker}");
    }
}

#[tokio::test]
async fn a_hanging_submission_leaves_nothing() {
    let world = world().await;
    let body = json!({ "input": { "prompt": "sim:hang" } });
    let request = world.http.post(world.url("/runpod/v2/ep/run")).bearer_auth("key").json(&body);
    assert!(request.timeout(Duration::from_millis(200)).send().await.unwrap_err().is_timeout());
    assert_eq!(world.get("/control/runpod/jobs").await.1["total"], 0);
}

#[tokio::test]
async fn reading_the_status_can_fail_while_the_job_runs_on() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:status-500=2" } })).await;
    let statuses = [world.status(&id).await.0, world.status(&id).await.0, world.status(&id).await.0];
    assert_eq!(statuses, [500, 500, 200]);
    let lost = world.run(json!({ "input": { "prompt": "sim:lost-job" } })).await;
    assert_eq!(world.status(&lost).await.0, 404);
    assert_eq!(world.settled(&lost).await["executions"], 0);
}

#[tokio::test]
async fn more_than_1000_runs_in_ten_seconds_are_429() {
    let world = world().await;
    let mut refused = 0;
    for _ in 0..1001 {
        let answer = world.send(Method::POST, "/runpod/v2/busy/run", Some(json!({ "input": {} }))).await;
        refused += u32::from(answer.status() == 429);
    }
    assert_eq!(refused, 1);
    assert_eq!(world.post("/runpod/v2/idle/run", json!({ "input": {} })).await.0, 200);
}

#[tokio::test]
async fn a_rule_holds_for_its_endpoint_and_its_number_of_submissions() {
    let world = world().await;
    let rule = json!({ "world": "runpod", "id": "ep", "scenario": "sim:fail", "times": 1 });
    assert_eq!(world.post("/control/rules", rule).await.0, 204);
    assert_eq!(world.get("/control/rules").await.1["rules"][0]["id"], "ep");
    let first = world.run(json!({ "input": {} })).await;
    let second = world.run(json!({ "input": {} })).await;
    assert_eq!(world.settled(&first).await["status"], "FAILED");
    assert_eq!(world.settled(&second).await["status"], "COMPLETED");
    let misspelt = json!({ "world": "runpod", "id": "ep", "scenario": "sim:fial" });
    assert_eq!(world.post("/control/rules", misspelt).await.0, 400);
    let outage = json!({ "world": "runpod", "id": "down", "scenario": "sim:health-503" });
    assert_eq!(world.post("/control/rules", outage).await.0, 204);
    assert_eq!(world.get("/runpod/v2/down/health").await.0, 503);
    assert_eq!(world.send(Method::DELETE, "/control/rules?world=runpod&id=down", None).await.status(), 204);
    assert_eq!(world.get("/runpod/v2/down/health").await.0, 200);
}

#[tokio::test]
async fn a_stream_gives_each_chunk_once() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:stream=2" } })).await;
    world.settled(&id).await;
    let (_, view) = world.get(&format!("/runpod/v2/ep/stream/{id}")).await;
    assert_eq!(view["status"], "COMPLETED");
    assert_eq!(view["stream"], json!([{ "output": "chunk 1" }, { "output": "chunk 2" }]));
    assert_eq!(world.get(&format!("/runpod/v2/ep/stream/{id}")).await.1["stream"], json!([]));
    assert_eq!(world.status(&id).await.1["output"], json!(["chunk 1", "chunk 2"]));
}

#[tokio::test]
async fn an_attached_worker_takes_jobs_and_reports_them() {
    let world = world().await;
    let take = world.get("/runpod/v2/ep/job-take/w1?gpu=cpu&job_in_progress=0");
    let submit = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.run(json!({ "input": { "prompt": "a wood" } })).await
    };
    let ((status, job), id) = tokio::join!(take, submit);
    assert_eq!((status, job), (200, json!({ "id": id, "input": { "prompt": "a wood" } })));
    assert_eq!(world.get(&format!("/runpod/v2/ep/ping/w1?job_id={id}")).await.0, 200);
    let done = format!("/runpod/v2/ep/job-done/w1/{id}?gpu=cpu&isStream=false");
    world.post(&done, json!({ "status": "IN_PROGRESS", "output": "half" })).await;
    let (_, view) = world.status(&id).await;
    assert_eq!((&view["status"], &view["output"], &view["workerId"]), (&json!("IN_PROGRESS"), &json!("half"), &json!("w1")));
    world.post(&done, json!({ "output": { "n": 1 } })).await;
    let job = world.settled(&id).await;
    assert_eq!((&job["status"], &job["output"], &job["executions"]), (&json!("COMPLETED"), &json!({ "n": 1 }), &json!(1)));
}

#[tokio::test]
async fn an_idle_worker_waits_and_gets_204() {
    let world = with(|config| config.hold_ms = 100).await;
    let since = Instant::now();
    assert_eq!(world.get("/runpod/v2/ep/job-take/w1?gpu=cpu").await.0, 204);
    assert!(since.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn a_worker_is_told_to_stop_a_cancelled_job_and_its_late_result_does_not_count() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:worker=external" } })).await;
    let (_, jobs) = world.get("/runpod/v2/ep/job-take-batch/w1?gpu=cpu&batch_size=2").await;
    assert_eq!(jobs[0]["id"], json!(id));
    let cancel = format!("/runpod/v2/ep/cancel/{id}");
    let cancel = world.post(&cancel, json!({}));
    let ((_, stop), _) = tokio::join!(world.get("/runpod/v2/ep/job-stop/w1?gpu=cpu"), cancel);
    assert_eq!(stop, json!({ "jobsToStop": [id] }));
    world.post(&format!("/runpod/v2/ep/job-done/w1/{id}?isStream=false"), json!({ "output": 1 })).await;
    assert_eq!(world.status(&id).await.1["status"], "CANCELLED");
}

#[tokio::test]
async fn a_silent_worker_times_its_job_out() {
    let world = world().await;
    let id = world.run(json!({ "input": { "prompt": "sim:worker=external" } })).await;
    world.get("/runpod/v2/ep/job-take/w1?gpu=cpu").await;
    world.advance(&id, 30_000).await;
    assert_eq!(world.settled(&id).await["status"], "TIMED_OUT");
}

#[tokio::test]
async fn the_oldest_jobs_are_forgotten_first() {
    let world = with(|config| config.max_jobs = 2).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(world.run(json!({ "input": {} })).await);
    }
    assert_eq!(world.status(&ids[0]).await.0, 404);
    assert_eq!(world.status(&ids[2]).await.0, 200);
    assert_eq!(world.get("/control/runpod/jobs").await.1["forgotten"], 1);
    let heavy = with(|config| config.max_bytes = 100_000).await;
    for _ in 0..4 {
        heavy.run(json!({ "input": { "image": "x".repeat(40_000) } })).await;
    }
    assert_eq!(heavy.get("/control/runpod/jobs").await.1["total"], 2);
}

#[tokio::test]
async fn equal_submissions_make_two_jobs() {
    let world = world().await;
    let body = json!({ "input": { "prompt": "the same wood" } });
    assert_ne!(world.run(body.clone()).await, world.run(body).await);
    let (_, found) = world.get("/control/runpod/jobs?contains=the%20same%20wood&count=2&wait=5000").await;
    assert_eq!((&found["total"], &found["executions"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn answers_are_json_objects_even_when_they_refuse() {
    let world = world().await;
    let answer = world.http.post(world.url("/runpod/v2/ep/run")).bearer_auth("key").body("{").send().await.unwrap();
    let (status, body) = status_and_body(answer).await;
    assert_eq!(status, 400);
    assert!(body["error"].is_string());
}

#[tokio::test]
async fn the_readme_names_every_marker() {
    let world = world().await;
    let readme = include_str!("../../README.md");
    let named = readme.split("`sim:").skip(1).map(|rest| {
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        &rest[..end.unwrap_or(rest.len())]
    });
    for marker in named {
        let known = match marker.split('-').next() {
            Some("discord") => "discord",
            Some("token") => "providers",
            _ => "runpod",
        };
        let rule = json!({ "world": known, "id": "readme", "scenario": format!("sim:{marker}") });
        assert_eq!(world.post("/control/rules", rule).await.0, 204, "sim:{marker}");
    }
    for marker in simulators::runpod::MARKERS {
        assert!(readme.contains(&format!("`sim:{marker}")), "sim:{marker} is not in the README");
    }
    for marker in simulators::discord::MARKERS {
        assert!(readme.contains(&format!("`sim:discord-{marker}")), "sim:discord-{marker} is not in the README");
    }
}
