"""The bench's endpoints with FastAPI, asyncpg and uvicorn. The database login bypasses row level security, as a backend's
login commonly does: the session is checked by a statement of its own, and every statement names the person."""

import base64
import hashlib
import hmac
import json
import os
import re
import sys
import time
import uuid
from contextlib import asynccontextmanager
from datetime import date as Date, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated, Literal

import aiohttp
import asyncpg
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

SQL = {path.stem: path.read_text() for path in (Path(__file__).parent.parent / "sql").glob("*.sql")}
KEYS = {key: base64.b64decode(value) for key, value in (entry.split(":") for entry in os.environ["JWT_KEYS"].split(","))}
LINK_KEY = base64.b64decode(os.environ["LINK_KEY"])
HOSTS = os.environ["ALLOWED_HOSTS"].split(",")
ORIGINS = os.environ["ALLOWED_ORIGINS"].split(",")
PLACE = os.environ["PUBLIC_URL"] + "/api/v1/scenes/"
LIMIT_SCALE = int(os.environ.get("LIMIT_SCALE", "1"))
LIFETIME_S = 600


async def speak_json(connection):
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app):
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=16, max_size=16, init=speak_json)
    app.state.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
    yield
    await app.state.http.close()
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


class Everywhere:
    """Host, headers and log line of every request."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, request_id, seen = time.perf_counter(), str(uuid.uuid4()), {}
        asked = dict(scope["headers"])
        scope["request_id"] = request_id

        async def add(message):
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                message["headers"] += [
                    (b"x-request-id", request_id.encode()),
                    (b"vary", b"Accept-Language, Origin"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"referrer-policy", b"no-referrer"),
                    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
                    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
                    (b"cache-control", b"no-store"),
                ]
                origin = asked.get(b"origin", b"").decode()
                if origin and origin in ORIGINS:
                    message["headers"].append((b"access-control-allow-origin", origin.encode()))
            await send(message)

        if asked.get(b"host", b"").decode() in HOSTS:
            await self.app(scope, receive, add)
        else:
            await Response(status_code=400)(scope, receive, add)
        line = {"time": time.time(), "request_id": request_id, "method": scope["method"], "path": scope["path"],
                "status": seen.get("status"), "ms": (time.perf_counter() - started) * 1000}
        sys.stdout.write(json.dumps(line) + "\n")


app.add_middleware(Everywhere)


class Person(BaseModel):
    id: uuid.UUID
    session: uuid.UUID
    role: str
    now: datetime
    today: Date | None = None


def claimed(authorization: Annotated[str, Header()] = "") -> Person:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise HTTPException(401, "unauthenticated")
    try:
        key = KEYS[jwt.get_unverified_header(token).get("kid")]
        claims = jwt.decode(token, key, ["HS256"], audience="oree", issuer="oree", leeway=30, options={"require": ["exp", "iat", "sub"]})
    except (jwt.PyJWTError, KeyError):
        raise HTTPException(401, "unauthenticated") from None
    return Person(id=claims["sub"], session=claims["sid"], role=claims["role"], now=datetime.now(timezone.utc))


async def connection(request: Request):
    async with request.app.state.pool.acquire() as connection:
        yield connection


class Limit:
    """Calls per minute and person."""

    def __init__(self, most):
        self.most, self.minute, self.counts = most * LIMIT_SCALE, 0, {}

    def __call__(self, me: Annotated[Person, Depends(claimed)]) -> Person:
        minute = int(time.time() // 60)
        if minute != self.minute:
            self.minute, self.counts = minute, {}
        count = self.counts[me.id] = self.counts.get(me.id, 0) + 1
        if count > self.most:
            raise HTTPException(429, "rate_limited")
        return me


async def signed_in(me, connection):
    row = await connection.fetchrow(SQL["session_of"], me.id, me.session, me.now)
    if row is None or not row["is_alive"] or row["is_banned"]:
        raise HTTPException(401, "session_revoked")
    me.today = row["today"]
    return me


Connection = Annotated[asyncpg.Connection, Depends(connection)]
limit_10, limit_60, limit_300_list, limit_300_streak = Limit(10), Limit(60), Limit(300), Limit(300)


class Day(BaseModel):
    date: Date
    reason: str


class Streak(BaseModel):
    current: int
    alive: int
    best: int
    since: Date | None
    today_done: bool
    at_risk: bool
    day_ends_at: datetime
    hours_left: float
    freezes_left: int
    weekly_target: int
    week_kept: int
    strength: float
    days: list[Day]


class NewEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    action: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"\S")]
    date: Date | None = None
    completed: bool | None = None
    client_id: uuid.UUID | None = None


class Entry(BaseModel):
    id: int
    user_id: uuid.UUID
    action: str
    date: Date
    completed: bool
    completed_at: datetime | None
    client_id: uuid.UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class Entries(BaseModel):
    items: list[Entry]
    next_cursor: str | None


def one_line(text):
    if not text.strip() or re.search(r"[\x00-\x1f\x7f-\x9f]", text):
        raise ValueError("one_line")
    return text


Words = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(one_line)]


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")
    world: Words
    era: Words
    class_: Words
    pose: Words
    decor: Words
    cache: Literal["use", "refresh"] | None = None

    model_config = ConfigDict(extra="forbid", alias_generator=lambda name: name.rstrip("_"))


class Queued(BaseModel):
    id: uuid.UUID
    status: str
    status_url: str


@app.get("/api/v1/health")
async def health(live: str | None = None):
    if live is None:
        raise HTTPException(501)
    return {"status": "ok", "version": "0.1.0", "checks": {}}


@app.get("/api/v1/rise/kaizen/streak/{user_id}")
async def streak(user_id: uuid.UUID, me: Annotated[Person, Depends(limit_300_streak)], connection: Connection,
                 days: Annotated[int, Query(ge=1, le=366)] = 14) -> Streak:
    if user_id != me.id:
        raise HTTPException(403, "Accès non autorisé")
    await signed_in(me, connection)
    return Streak(**await connection.fetchrow(SQL["streak_of"], me.id, me.now, me.today, days))


@app.post("/api/v1/rise/kaizen", status_code=201)
async def create(new: NewEntry, me: Annotated[Person, Depends(limit_60)], connection: Connection, response: Response) -> Entry:
    await signed_in(me, connection)
    row = await connection.fetchrow(SQL["insert_kaizen_of"], me.id, new.action, new.date, new.completed, new.client_id, me.now, me.today)
    if row is None:
        row = new.client_id and await connection.fetchrow(
            "select * from kaizen where user_id = $1 and client_id = $2", me.id, new.client_id)
        if not row:
            raise HTTPException(422, "date")
        same = row["action"] == new.action and new.date in (None, row["date"]) and new.completed in (None, row["completed"])
        if not same:
            raise HTTPException(409, "client_id_mismatch")
        response.status_code = 200
    response.headers["etag"] = f'"{row["version"]}"'
    return Entry(**row)


@app.get("/api/v1/rise/kaizen/{user_id}")
async def entries(user_id: uuid.UUID, me: Annotated[Person, Depends(limit_300_list)], connection: Connection,
                  from_: Annotated[Date | None, Query(alias="from")] = None, to: Date | None = None,
                  limit: Annotated[int, Query(ge=1, le=100)] = 20, cursor: str | None = None) -> Entries:
    if user_id != me.id:
        raise HTTPException(403, "Accès non autorisé")
    day, entry = None, None
    if cursor:
        try:
            day, entry = json.loads(base64.urlsafe_b64decode(cursor))
            day = Date.fromisoformat(day)
        except ValueError:
            raise HTTPException(422, "bad_cursor") from None
    await signed_in(me, connection)
    rows = await connection.fetch(SQL["list_kaizen_of"], me.id, from_, to, day, entry, limit + 1)
    items = [Entry(**row) for row in rows[:limit]]
    last = json.dumps([items[-1].date.isoformat(), items[-1].id]) if len(rows) > limit else None
    return Entries(items=items, next_cursor=last and base64.urlsafe_b64encode(last.encode()).decode())


async def enter(connection, me, request):
    claims = {"sub": str(me.id), "session": str(me.session), "role": me.role, "request_id": request.scope["request_id"],
              "operation": "grimoire-generate-scene.generate", "language": "fr"}
    await connection.execute(SQL["enter"], claims, me.now, "authenticated")


@app.post("/api/v1/generate/scene", status_code=202)
async def generate(wanted: Wanted, request: Request, me: Annotated[Person, Depends(limit_10)], response: Response,
                   idempotency_key: Annotated[str | None, Header()] = None) -> Queued:
    words = wanted.model_dump(by_alias=True, exclude={"cache"})
    given = {field: neutral(text) for field, text in words.items()}
    given["prompt"] = ", ".join(given.values())
    digest = hashlib.sha256(await request.body()).hexdigest()
    pool = request.app.state.pool
    async with pool.acquire() as connection, connection.transaction():
        await enter(connection, me, request)
        answer = await connection.fetchval(SQL["submit"], "scene", words, given, os.environ["RUNPOD_ENDPOINT_ID_IMAGE"], PLACE,
                                           wanted.cache == "refresh", idempotency_key, digest, LIFETIME_S)
    outcome = answer["outcome"]
    if outcome not in ("created", "joined", "cached"):
        raise HTTPException(409, outcome)
    queued = Queued(id=answer["id"], status="queued" if outcome == "created" else answer["status"], status_url=PLACE + answer["id"])
    if outcome == "created":
        job_id, took = await submit(request, answer["job"], given, me)
        async with pool.acquire() as connection, connection.transaction():
            await enter(connection, me, request)
            await connection.fetchval(SQL["submitted"], answer["job"]["id"], job_id, took)
            await connection.fetchval(SQL["settle"], idempotency_key, queued.model_dump(mode="json"))
    response.status_code = 200 if outcome == "cached" else 202
    response.headers["location"] = queued.status_url
    return queued


async def submit(request, job, given, me):
    expires = int((me.now + timedelta(minutes=15)).timestamp())
    proof = hmac.digest(LINK_KEY, f"runpod:{job['id']}:{expires}".encode(), "sha256")
    proof = base64.urlsafe_b64encode(proof).decode().rstrip("=")
    webhook = f"{os.environ['PUBLIC_URL']}/api/v1/webhooks/runpod/{job['id']}?expires={expires}&proof={proof}"
    started = time.perf_counter()
    call = request.app.state.http.post(
        f"{os.environ['RUNPOD_BASE_URL']}/{job['endpoint']}/run",
        json={"input": given, "webhook": webhook, "policy": {"ttl": LIFETIME_S * 1000}},
        headers={"authorization": "Bearer " + os.environ["RUNPOD_API_KEY"]})
    async with call as answer:
        if answer.status != 200:
            raise HTTPException(503, "runpod_unavailable")
        return (await answer.json())["id"], int((time.perf_counter() - started) * 1000)


ORDERS = re.compile(
    "ignore previous|ignore all previous|ignore the above|ignore all instructions|disregard previous|disregard all|forget previous|"
    "system prompt|you are now|new instructions|ignore les instructions|ignore toutes les instructions|oublie les instructions|"
    "negative prompt", re.IGNORECASE)


def neutral(text):
    """What could steer the model is made plain text."""
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\s<>{}\[\]|\\`#*$^~]+", " ", text)
    return re.sub(" +", " ", ORDERS.sub("", plain)).strip()
