// Counts how often each endpoint of the bench crosses between JavaScript and wasm for one request, on modules as they were
// built: `node dev/crossings.mjs <folder of modules>` prints a JSON object. The database and RunPod answer from this file.
import { createHmac, randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.argv[2]);
const PERSON = "3bf16b0b-5ab4-4ee5-ac09-6d89a0a6e5a3";
const JOB = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
const KEY = randomBytes(32);

const env = {
  STAGE: "staging",
  PUBLIC_URL: "https://api.oree.example",
  ALLOWED_HOSTS: "api.oree.example",
  JWT_KEYS: `count:${KEY.toString("base64")}`,
  SQL_URL: "https://sql.oree.example/sql",
  SQL_LOGIN_PERSON: "postgres://oree_person:secret@localhost/oree",
  SQL_LOGIN_SERVICE: "postgres://oree_service:secret@localhost/oree",
  LINK_KEY: KEY.toString("base64"),
  RUNPOD_BASE_URL: "https://runpod.example/v2",
  RUNPOD_API_KEY: "secret",
  RUNPOD_ENDPOINT_ID_IMAGE: "image",
  STORAGE_URL: "https://storage.example",
  STORAGE_ACCESS_KEY: "secret",
  STORAGE_SECRET_KEY: "secret",
  DISCORD_WEBHOOK_URL: "https://discord.example/webhook",
};
const yes = { limit: async () => ({ success: true }) };
Object.assign(env, { LIMIT_10: yes, LIMIT_60: yes, LIMIT_300: yes, LIMIT_1200: yes });

const [BOOL, INT8, INT4, TEXT, DOUBLE, DATE, TIMESTAMP, UUID, JSONB] = [16, 20, 23, 25, 701, 1082, 1184, 2950, 3802];
const set = (columns, rows) => ({
  fields: Object.entries(columns).map(([name, dataTypeID]) => ({ name, dataTypeID })),
  rows,
  command: "SELECT",
  rowCount: rows.length,
  rowAsArray: true,
});
const entered = set({ a: BOOL, b: BOOL }, [["t", "t"]]);
const json = (value) => set({ answer: JSONB }, [[JSON.stringify(value)]]);
const ENTRY = {
  id: INT8, user_id: UUID, action: TEXT, date: DATE, completed: BOOL, completed_at: TIMESTAMP, client_id: UUID,
  created_at: TIMESTAMP, updated_at: TIMESTAMP, version: INT4,
};
const NOW = "2026-11-21 12:00:00.123+00";
const entry = (id) => [String(id), PERSON, "Ranger le bureau", "2026-11-21", "f", null, null, NOW, NOW, "1"];
const STREAK = {
  current: INT4, alive: INT4, best: INT4, since: DATE, today_done: BOOL, at_risk: BOOL, day_ends_at: TIMESTAMP,
  hours_left: DOUBLE, freezes_left: INT4, weekly_target: INT4, week_kept: INT4, strength: DOUBLE, days: JSONB,
};
const days = Array.from({ length: 14 }, (_, n) => ({ date: `2026-11-${String(21 - n).padStart(2, "0")}`, reason: "done" }));

/** The results of a batch, by a word of its statements. */
const ANSWERS = {
  "insert into kaizen": [set(ENTRY, [entry(1)]), set({ today: DATE, oldest: DATE, existing: JSONB }, [["2026-11-21", "2026-10-22", null]])],
  "edge.streak": [set(STREAK, [["3", "3", "93", "2026-11-19", "t", "f", NOW, "10.99", "2", "7", "6", "0.9812", JSON.stringify(days)]])],
  "edge.submit_creation": [json({ outcome: "created", id: JOB, status: "queued", job: { id: JOB, endpoint: "image" } })],
  "edge.job_submitted": [json({ outcome: "updated", outbox: [] }), set({ outcome: TEXT }, [["ok"]])],
  "from kaizen": [set(ENTRY, Array.from({ length: 100 }, (_, n) => entry(n)))],
};

globalThis.fetch = async (url, { body }) => {
  if (!String(url).startsWith(env.SQL_URL)) return Response.json({ id: "1-u1", status: "IN_QUEUE" });
  const text = new TextDecoder().decode(body);
  const found = Object.entries(ANSWERS).find(([word]) => text.includes(word));
  return new Response(JSON.stringify({ results: [entered, ...found[1]] }), { headers: { "content-type": "application/json" } });
};

/** Calls from JavaScript into wasm, and from wasm out to JavaScript. */
let count = { in: 0, out: 0 };
const counted = (call, way) =>
  typeof call !== "function" ? call : (...values) => {
    count[way] += 1;
    return call(...values);
  };
const counting = (calls, way) => Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, counted(call, way)]));
const Instance = WebAssembly.Instance;
WebAssembly.Instance = function (module, imports) {
  const wrapped = Object.fromEntries(Object.entries(imports).map(([name, calls]) => [name, counting(calls, "out")]));
  return { exports: counting(new Instance(module, wrapped).exports, "in") };
};

const base64 = (value) => Buffer.from(value).toString("base64url");
function token() {
  const now = Math.floor(Date.now() / 1000);
  const claims = { exp: now + 900, iat: now, iss: "oree", aud: "oree", sub: PERSON, sid: PERSON, role: "user" };
  const text = `${base64(JSON.stringify({ alg: "HS256", kid: "count" }))}.${base64(JSON.stringify(claims))}`;
  return `${text}.${createHmac("sha256", KEY).update(text).digest("base64url")}`;
}

const scene = { world: "Orée", era: "médiévale", class: "druide", pose: "assise", decor: "une clairière" };
const ENDPOINTS = [
  ["health ?live", "operations-health", 200, "GET", "/health?live"],
  ["kaizen streak", "rise-kaizen-streak", 200, "GET", `/rise/kaizen/streak/${PERSON}`],
  ["kaizen create", "rise-kaizen", 201, "POST", "/rise/kaizen", { action: "Ranger le bureau" }],
  ["scene create", "grimoire-generate-scene", 202, "POST", "/generate/scene", scene],
  ["list of 100 rows", "rise-kaizen", 200, "GET", `/rise/kaizen/${PERSON}?limit=100`],
];

async function worker(name) {
  const folder = join(modules, name);
  const entry = join(folder, "counted.js");
  const load = `import { readFileSync } from "node:fs";\nconst module = new WebAssembly.Module(readFileSync(${JSON.stringify(join(folder, "module.wasm"))}));`;
  writeFileSync(entry, readFileSync(join(folder, "index.js"), "utf8").replace('import module from "./module.wasm";', load));
  try {
    return (await import(pathToFileURL(entry))).default;
  } finally {
    rmSync(entry);
  }
}

console.log = () => {};
const found = {};
for (const [name, package_, status, method, path, body] of ENDPOINTS) {
  const { fetch } = await worker(package_);
  const ask = async () => {
    const headers = { authorization: `Bearer ${token()}`, accept: "application/json", "accept-language": "fr", "cf-connecting-ip": "203.0.113.9" };
    if (body) headers["content-type"] = "application/json";
    const request = new Request(`https://api.oree.example/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
    const answer = await fetch(request, env, { waitUntil() {} });
    const text = await answer.text();
    if (answer.status !== status) throw new Error(`${name} is answered with ${answer.status}: ${text}`);
  };
  // The first request also reads the environment.
  await ask();
  count = { in: 0, out: 0 };
  await ask();
  found[name] = { ...count };
}
process.stdout.write(`${JSON.stringify(found)}\n`);
