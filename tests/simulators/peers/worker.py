"""A worker on the official SDK. `PEER_HANDLER=stream` makes it a generator."""

import asyncio
import os
import tempfile
import time

import runpod
from runpod.serverless.utils import rp_upload


async def handler(job):
    asked = job["input"]
    match asked["do"]:
        case "add":
            return {"sum": sum(asked["numbers"])}
        case "refuse":
            return {"error": "no such pose"}
        case "raise":
            raise ValueError("no such world")
        case "progress":
            runpod.serverless.progress_update(job, "half way")
            await asyncio.sleep(2)
            return {"done": True}
        case "upload":
            return {"uploaded": upload(job)}
        case "sleep":
            await asyncio.sleep(60)
            return {"slept": True}


def upload(job):
    """Puts a file where the job says, and tells where it is: without what differs from run to run."""
    os.chdir(tempfile.mkdtemp())
    with open("picture.png", "wb") as file:
        file.write(b"\x89PNG")
    [url] = rp_upload.bucket_upload(job["id"], ["picture.png"], job["s3Config"])
    return url.replace(job["s3Config"]["endpointUrl"], "").replace(job["id"], "<job>")


def stream(job):
    for part in range(job["input"]["count"]):
        time.sleep(0.2)
        yield f"part {part}"


chosen = stream if os.environ.get("PEER_HANDLER") == "stream" else handler
runpod.serverless.start({"handler": chosen, "return_aggregate_stream": True})
