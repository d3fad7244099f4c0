"""The official client against the simulator: prints what it sees, fails where it is not what the cloud gives."""

import asyncio
import os
import sys
import time

import requests
import runpod
from runpod import http_client

KEY = "peer-key"


def say(what, value):
    print(f"  {what}: {value}", flush=True)


def expect(what, value, wanted):
    say(what, value)
    if value != wanted:
        sys.exit(f"{what}: wanted {wanted!r}, got {value!r}")


def status_of(job):
    # Asked without a pause, 2000 readings in ten seconds are soon over, and 429 makes the client wait for seconds.
    time.sleep(0.05)
    return job.status()


def statuses_until_final(job):
    seen = []
    while not seen or seen[-1] not in ("COMPLETED", "FAILED", "TIMED_OUT", "CANCELLED"):
        status = status_of(job)
        if status not in seen:
            seen.append(status)
    return seen


def refusal(act):
    try:
        act()
    except requests.HTTPError as error:
        return error.response.status_code
    except RuntimeError as error:
        return f"RuntimeError: {str(error)[:16]}"
    return "accepted"


def endpoint_without_worker():
    endpoint = runpod.Endpoint("peer")
    job = endpoint.run({"input": {"prompt": "a wood sim:queue=300 sim:slow=300"}})
    expect("run, then status", statuses_until_final(job), ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"])
    png = requests.get(job.output()["image_url"], timeout=5)
    expect("output, fetched", (png.headers["content-type"], png.content[:4]), ("image/png", b"\x89PNG"))
    expect("run_sync", list(endpoint.run_sync({"input": {"prompt": "a lake"}})), ["image_url"])
    failed = endpoint.run({"input": {"prompt": "sim:fail"}})
    expect("a failing job", statuses_until_final(failed)[-1], "FAILED")
    stuck = endpoint.run({"input": {"prompt": "sim:stuck"}})
    expect("cancel", stuck.cancel()["status"], "CANCELLED")
    expect("status after cancel", stuck.status(), "CANCELLED")
    streaming = endpoint.run({"input": {"prompt": "sim:stream=3 sim:slow=300"}})
    expect("stream", list(streaming.stream()), ["chunk 1", "chunk 2", "chunk 3"])
    endpoint.run({"input": {"prompt": "sim:queued"}})
    expect("health, jobs in queue", endpoint.health()["jobs"]["inQueue"], 1)
    expect("purge_queue", endpoint.purge_queue(), {"removed": 1, "status": "completed"})
    expect("an endpoint that is not there", refusal(lambda: runpod.Endpoint("missing").run({"input": {"a": 1}})), 404)
    wrong = runpod.Endpoint("peer", api_key="invalid")
    expect("a wrong key", refusal(wrong.health), "RuntimeError: 401 Unauthorized")


async def asyncio_client():
    async with http_client.AsyncClientSession() as session:
        endpoint = runpod.AsyncioEndpoint("peer", session)
        job = await endpoint.run({"input": {"prompt": "a wood"}})
        output = await job.output(timeout=10)
        expect("asyncio run, output", list(output), ["image_url"])


def endpoint_with_worker():
    endpoint = runpod.Endpoint("peer-worker")
    job = endpoint.run({"input": {"do": "add", "numbers": [1, 2, 3]}})
    expect("a result", job.output(timeout=20), {"sum": 6})
    job = endpoint.run({"input": {"do": "refuse"}})
    expect("a returned error", statuses_until_final(job)[-1], "FAILED")
    job = endpoint.run({"input": {"do": "raise"}})
    expect("a raised error", statuses_until_final(job)[-1], "FAILED")
    job = endpoint.run({"input": {"do": "progress"}})
    progress = None
    while progress is None and status_of(job) in ("IN_QUEUE", "IN_PROGRESS"):
        progress = job.rp_client.get(f"peer-worker/status/{job.job_id}").get("output")
    expect("progress_update, seen in status", progress, "half way")
    expect("and its end", job.output(timeout=20), {"done": True})
    simulators = os.environ["RUNPOD_ENDPOINT_BASE_URL"].removesuffix("/runpod/v2")
    storage = {"accessId": "worker", "accessSecret": "worker", "bucketName": "oree", "endpointUrl": f"{simulators}/storage"}
    job = endpoint.run({"input": {"do": "upload"}, "s3Config": storage})
    expect("bucket_upload by s3Config", job.output(timeout=20), {"uploaded": "/oree/<job>/picture.png"})
    kept = requests.get(f"{simulators}/control/storage/oree/{job.job_id}/picture.png", timeout=5).json()
    expect("what the storage has", (kept["bytes"], kept["puts"]), (4, 1))
    unsigned = requests.get(f"{simulators}/storage/oree/{job.job_id}/picture.png", timeout=5)
    expect("the URL that it gives, as it is", unsigned.status_code, 403)
    job = endpoint.run({"input": {"do": "sleep"}})
    while status_of(job) == "IN_QUEUE":
        pass
    # The worker's SDK starts what it took within 0.1 s; a stop that comes before is lost on it.
    time.sleep(0.5)
    expect("cancel of a running job", job.cancel()["status"], "CANCELLED")
    job = endpoint.run({"input": {"do": "add", "numbers": [4]}})
    expect("the worker, free again", job.output(timeout=20), {"sum": 4})


def endpoint_with_streaming_worker():
    endpoint = runpod.Endpoint("peer-stream")
    job = endpoint.run({"input": {"count": 3}})
    expect("a generator's chunks", list(job.stream()), ["part 0", "part 1", "part 2"])


if __name__ == "__main__":
    runpod.api_key = KEY
    os.environ["RUNPOD_AI_API_KEY"] = KEY
    part = sys.argv[1]
    if part == "asyncio_client":
        asyncio.run(asyncio_client())
    else:
        globals()[part]()
