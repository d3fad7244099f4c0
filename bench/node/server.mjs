// The bench's endpoints as route handlers on Node's own http, with pg. As with FastAPI, the database login bypasses row level
// security: the session is checked by a statement of its own, and every statement names the person.
import { createHash, createHmac, randomUUID, timingSafeEqual } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";

// pg is one of the project's own npm packages.
const require = createRequire(new URL("../../package.json", import.meta.url));
const pg = require("pg");

const sqlFolder = new URL("../sql/", import.meta.url);
const SQL = Object.fromEntries(readdirSync(sqlFolder).map((file) => [file.slice(0, -4), readFileSync(new URL(file, sqlFolder), "utf8")]));
const { env } = process;
const KEYS = new Map(env.JWT_KEYS.split(",").map((entry) => [entry.split(":")[0], Buffer.from(entry.split(":")[1], "base64")]));
const LINK_KEY = Buffer.from(env.LINK_KEY, "base64");
const HOSTS = env.ALLOWED_HOSTS.split(",");
const ORIGINS = env.ALLOWED_ORIGINS.split(",");
const PLACE = `${env.PUBLIC_URL}/api/v1/scenes/`;
const SCALE = Number(env.LIMIT_SCALE ?? 1);
const LIFETIME_S = 600;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text);
const pool = new pg.Pool({ connectionString: env.DATABASE_URL, max: 16 });
const run = async (on, name, values) => (await on.query({ name, text: SQL[name], values })).rows;

class Problem extends Error {
  constructor(status, code, errors) {
    super(code);
    Object.assign(this, { status, code, errors });
  }
}

const invalid = (...errors) => new Problem(422, "invalid", errors);

function authenticate(request, now) {
  const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
  const [head, payload, proof] = token.split(".");
  try {
    const { alg, kid } = JSON.parse(Buffer.from(head, "base64url"));
    const wanted = createHmac("sha256", KEYS.get(kid)).update(`${head}.${payload}`).digest();
    const claims = JSON.parse(Buffer.from(payload, "base64url"));
    const good = scheme.toLowerCase() === "bearer" && alg === "HS256" && timingSafeEqual(wanted, Buffer.from(proof, "base64url"));
    const fresh = claims.exp > now / 1000 - 30 && claims.iat <= now / 1000 + 30;
    if (good && fresh && claims.iss === "oree" && claims.aud === "oree") return { id: claims.sub, session: claims.sid, role: claims.role };
  } catch {
    // Refused below.
  }
  throw new Problem(401, "unauthenticated");
}

const counts = new Map();
let minute = 0;

function limit(call, operation, most) {
  call.me = authenticate(call.request, call.now);
  const current = Math.floor(call.now / 60_000);
  if (current !== minute) {
    minute = current;
    counts.clear();
  }
  const key = `${operation}:${call.me.id}`;
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  if (count > most * SCALE) throw new Problem(429, "rate_limited");
  return call.me;
}

async function signedIn(on, { me, now }) {
  const [session] = await run(on, "session_of", [me.id, me.session, new Date(now)]);
  if (!session?.is_alive || session.is_banned) throw new Problem(401, "session_revoked");
  return session.today;
}

async function read(request) {
  if (request.headers["content-type"]?.split(";")[0].trim().toLowerCase() !== "application/json") throw new Problem(415, "unsupported_media_type");
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 65_536) throw new Problem(413, "body_too_large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function fields(bytes, known) {
  let value;
  try {
    value = JSON.parse(bytes);
  } catch {
    throw new Problem(400, "malformed_json");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Problem(400, "malformed_json");
  const unknown = Object.keys(value).filter((field) => !known.includes(field));
  if (unknown.length > 0) throw invalid(...unknown.map((field) => ({ field, code: "unknown_field" })));
  return value;
}

function own(call, id) {
  if (!UUID.test(id)) throw invalid({ field: "id", code: "bad_uuid" });
  if (id.toLowerCase() !== call.me.id) throw new Problem(403, "forbidden");
}

function health({ url }) {
  if (!url.searchParams.has("live")) throw new Problem(501, "not_here");
  return [200, { status: "ok", version: "0.1.0", checks: {} }];
}

async function streak(call, id) {
  limit(call, "streak", 300);
  own(call, id);
  const days = Number(call.url.searchParams.get("days") ?? 14);
  if (!Number.isInteger(days) || days < 1 || days > 366) throw invalid({ field: "days", code: "out_of_range" });
  const client = await pool.connect();
  try {
    const today = await signedIn(client, call);
    const [streak] = await run(client, "streak_of", [call.me.id, new Date(call.now), today, days]);
    return [200, streak];
  } finally {
    client.release();
  }
}

async function create(call) {
  const me = limit(call, "create", 60);
  const { action, date = null, completed = null, client_id = null } = fields(await read(call.request), ["action", "date", "completed", "client_id"]);
  const errors = [];
  if (typeof action !== "string" || action.trim() === "" || [...action].length > 500) errors.push({ field: "action", code: "length" });
  if (date !== null && !DATE.test(date)) errors.push({ field: "date", code: "bad_date" });
  if (completed !== null && typeof completed !== "boolean") errors.push({ field: "completed", code: "wrong_type" });
  if (client_id !== null && !UUID.test(client_id)) errors.push({ field: "client_id", code: "bad_uuid" });
  if (errors.length > 0) throw invalid(...errors);
  const client = await pool.connect();
  try {
    const today = await signedIn(client, call);
    const [inserted] = await run(client, "insert_kaizen_of", [me.id, action, date, completed, client_id, new Date(call.now), today]);
    if (!inserted) throw new Problem(409, "conflict");
    return [201, inserted, { etag: `"${inserted.version}"` }];
  } finally {
    client.release();
  }
}

async function list(call, id) {
  limit(call, "list", 300);
  own(call, id);
  const asked = call.url.searchParams;
  const [from, to, most] = [asked.get("from"), asked.get("to"), Number(asked.get("limit") ?? 20)];
  if ((from && !DATE.test(from)) || (to && !DATE.test(to))) throw invalid({ field: "from", code: "bad_date" });
  if (!Number.isInteger(most) || most < 1 || most > 100) throw invalid({ field: "limit", code: "out_of_range" });
  const [day, entry] = asked.has("cursor") ? JSON.parse(Buffer.from(asked.get("cursor"), "base64url")) : [null, null];
  const client = await pool.connect();
  try {
    await signedIn(client, call);
    const rows = await run(client, "list_kaizen_of", [call.me.id, from, to, day, entry, most + 1]);
    const items = rows.slice(0, most);
    const last = items.at(-1);
    const next_cursor = rows.length > most ? Buffer.from(JSON.stringify([last.date, last.id])).toString("base64url") : null;
    return [200, { items, next_cursor }];
  } finally {
    client.release();
  }
}

const WORDS = ["world", "era", "class", "pose", "decor"];

async function scene(call) {
  limit(call, "scene", 10);
  const bytes = await read(call.request);
  const wanted = fields(bytes, [...WORDS, "cache"]);
  const wrong = WORDS.filter((field) => typeof wanted[field] !== "string" || !wanted[field].trim() || [...wanted[field]].length > 200 || /\p{Cc}/u.test(wanted[field]));
  if (wrong.length > 0) throw invalid(...wrong.map((field) => ({ field, code: "length" })));
  const input = Object.fromEntries(WORDS.map((field) => [field, wanted[field]]));
  const given = Object.fromEntries(WORDS.map((field) => [field, neutral(wanted[field])]));
  given.prompt = WORDS.map((field) => given[field]).join(", ");
  const key = call.request.headers["idempotency-key"] ?? null;
  const hash = createHash("sha256").update(bytes).digest("hex");
  const [{ answer }] = await inTransaction(call, (on) =>
    run(on, "submit", ["scene", input, given, env.RUNPOD_ENDPOINT_ID_IMAGE, PLACE, wanted.cache === "refresh", key, hash, LIFETIME_S]),
  );
  if (!["created", "joined", "cached"].includes(answer.outcome)) throw new Problem(409, answer.outcome);
  const created = answer.outcome === "created";
  const queued = { id: answer.id, status: created ? "queued" : answer.status, status_url: PLACE + answer.id };
  if (created) {
    const [id, took] = await submit(call, answer.job, given);
    await inTransaction(call, async (on) => {
      await run(on, "submitted", [answer.job.id, id, took]);
      await run(on, "settle", [key, queued]);
    });
  }
  return [answer.outcome === "cached" ? 200 : 202, queued, { location: queued.status_url }];
}

async function inTransaction(call, work) {
  const { me } = call;
  const claims = { sub: me.id, session: me.session, role: me.role, request_id: call.requestId, operation: "grimoire-generate-scene.generate", language: "fr" };
  const client = await pool.connect();
  try {
    await client.query("begin");
    await run(client, "enter", [claims, new Date(call.now), "authenticated"]);
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}

async function submit(call, job, given) {
  const expires = Math.floor(call.now / 1000) + 900;
  const proof = createHmac("sha256", LINK_KEY).update(`runpod:${job.id}:${expires}`).digest("base64url");
  const webhook = `${env.PUBLIC_URL}/api/v1/webhooks/runpod/${job.id}?expires=${expires}&proof=${proof}`;
  const started = performance.now();
  const answer = await fetch(`${env.RUNPOD_BASE_URL}/${job.endpoint}/run`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${env.RUNPOD_API_KEY}` },
    body: JSON.stringify({ input: given, webhook, policy: { ttl: LIFETIME_S * 1000 } }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Problem(503, "runpod_unavailable");
  return [(await answer.json()).id, Math.round(performance.now() - started)];
}

const ORDERS =
  /ignore previous|ignore all previous|ignore the above|ignore all instructions|disregard previous|disregard all|forget previous|system prompt|you are now|new instructions|ignore les instructions|ignore toutes les instructions|oublie les instructions|negative prompt/gi;

function neutral(words) {
  return words.replace(/\p{Cf}/gu, "").replace(/[\p{Cc}\s<>{}[\]|\\`#*$^~]+/gu, " ").replace(ORDERS, "").replace(/ +/g, " ").trim();
}

const ROUTES = [
  ["GET", /^\/api\/v1\/health$/, health],
  ["GET", /^\/api\/v1\/rise\/kaizen\/streak\/([^/]+)$/, streak],
  ["POST", /^\/api\/v1\/rise\/kaizen$/, create],
  ["GET", /^\/api\/v1\/rise\/kaizen\/([^/]+)$/, list],
  ["POST", /^\/api\/v1\/generate\/scene$/, scene],
];

async function route(call) {
  if (!HOSTS.includes(call.request.headers.host)) throw new Problem(400, "unknown_host");
  for (const [method, pattern, handler] of ROUTES) {
    const found = method === call.request.method && pattern.exec(call.url.pathname);
    if (found) return handler(call, found[1]);
  }
  throw new Problem(404, "not_found");
}

createServer(async (request, response) => {
  const now = Date.now();
  const call = { request, url: new URL(request.url, "http://localhost"), now, requestId: randomUUID() };
  let status, body, own;
  try {
    [status, body, own] = await route(call);
  } catch (error) {
    if (!(error instanceof Problem)) console.error(error);
    status = error instanceof Problem ? error.status : 500;
    body = { type: "about:blank", status, code: status === 500 ? "internal" : error.code, request_id: call.requestId, errors: error.errors };
    own = { "content-type": "application/problem+json" };
  }
  const { origin } = request.headers;
  response.writeHead(status, {
    "content-type": "application/json",
    "x-request-id": call.requestId,
    vary: "Accept-Language, Origin",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "cache-control": "no-store",
    ...(origin && ORIGINS.includes(origin) ? { "access-control-allow-origin": origin } : {}),
    ...own,
  });
  response.end(JSON.stringify(body));
  console.log(JSON.stringify({ time: now, request_id: call.requestId, method: request.method, path: call.url.pathname, status, ms: Date.now() - now }));
}).listen(Number(env.PORT), "127.0.0.1");
