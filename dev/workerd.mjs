// Runs the functions in workerd, the edge's own runtime. `cargo xtask` starts it and speaks to it in lines of JSON:
// in:  {"serve": {host, port, compatibilityDate, compatibilityFlags, keepTime, workers: [...]}} starts or replaces all workers
//      {"run": {name, headers}} calls one cron function now
// out: {"ready": {}}, {"ran": {ok, report, log}}, {"failed": "sentence"}, {"log": {level, message}}
// It ends when its input does.

import { readFileSync, readdirSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";

/** What is changed in Miniflare 4. */
const CHANGES = [
  // Its configuration grows by no more than what is added: sixty modules are copied three hundred times, which takes ten seconds.
  // Here it doubles, as in Miniflare 5, which asks for a newer Node than we do.
  [
    "new ArrayBuffer(srcBuffer.byteLength + minSize)",
    "new ArrayBuffer(srcBuffer.byteLength + Math.max(minSize, srcBuffer.byteLength))",
  ],
  // V8 sweeps beside workerd's one thread; on a machine with few cores it has been seen to wait for that for ever, at full load,
  // between two steps of a request. One thread sweeps by itself.
  ["encodeCapnpStruct(config, struct)", 'encodeCapnpStruct({ ...config, v8Flags: ["--single-threaded-gc"] }, struct)'],
];

const { Log, LogLevel, Miniflare } = miniflare();

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

function miniflare() {
  const path = createRequire(import.meta.url).resolve("miniflare");
  let source = readFileSync(path, "utf8");
  for (const [found, wanted] of CHANGES) {
    // Another Miniflare may say it otherwise: then somebody must look.
    if (!source.includes(found)) throw new Error(`dev/workerd.mjs no longer finds what it changes in ${path}: ${found}`);
    source = source.replace(found, wanted);
  }
  const module = Object.assign(new Module(path), { filename: path, paths: Module._nodeModulePaths(dirname(path)) });
  module._compile(source, path);
  return module.exports;
}

/** Miniflare's own words, in our lines. */
class Lines extends Log {
  log(message) {
    say({ log: { level: "warn", message } });
  }
}

/** Every file of a function's folder, as workerd's loader wants it. */
const modulesOf = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((file) => join(folder, file))
    .filter((path) => path.endsWith(".js") || path.endsWith(".wasm"))
    .sort((a, b) => Number(b === join(folder, "index.js")) - Number(a === join(folder, "index.js")))
    .map((path) => ({ type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path }));

const optionsOf = ({ host, port, compatibilityDate, compatibilityFlags, workers }) => ({
  host,
  port,
  log: new Lines(LogLevel.WARN),
  logRequests: false,
  handleStructuredLogs: ({ level, message }) => {
    heard?.push(message);
    say({ log: { level, message } });
  },
  cf: false,
  workers: workers.map(({ name, folder, routes, bindings, services, ratelimits }) => ({
    name,
    rootPath: folder,
    modulesRoot: folder,
    modules: modulesOf(folder),
    routes,
    bindings,
    ratelimits,
    serviceBindings: services,
    compatibilityDate,
    compatibilityFlags,
    // Requests go out as they are; the hop that would strip this header costs every call.
    stripCfConnectingIp: false,
  })),
});

let edge;
let clock;
/** What has been logged since a run began. */
let heard;

async function serve(config) {
  const options = optionsOf(config);
  if (edge) await edge.setOptions(options);
  else edge = new Miniflare(options);
  await edge.ready;
  if (config.keepTime) keepTime(config.workers.filter((worker) => worker.crons.length > 0));
  say({ ready: {} });
}

async function run({ name, headers }) {
  const worker = await edge.getWorker(name);
  heard = [];
  try {
    const answer = await worker.fetch("https://internal/", { method: "POST", headers });
    say({ ran: { ok: answer.ok, report: await answer.text(), log: heard } });
  } finally {
    heard = undefined;
  }
}

/** Fires the schedules at each full minute, in UTC, as the edge does. */
function keepTime(workers) {
  clearTimeout(clock);
  const tick = async () => {
    const now = new Date();
    clock = setTimeout(tick, 60_000 - (now % 60_000) + 50);
    for (const { name, crons } of workers) {
      for (const cron of crons.filter((cron) => isDue(cron, now))) {
        const worker = await edge.getWorker(name);
        await worker.scheduled({ scheduledTime: now, cron }).catch((error) => say({ log: { level: "error", message: String(error) } }));
      }
    }
  };
  clock = setTimeout(tick, 60_000 - (new Date() % 60_000) + 50);
}

function isDue(cron, now) {
  const actual = [now.getUTCMinutes(), now.getUTCHours(), now.getUTCDate(), now.getUTCMonth() + 1, now.getUTCDay() + 1];
  return cron.split(" ").every((field, index) => field.split(",").some((part) => matches(part, actual[index])));
}

// A part of a field: an asterisk, a number or a range, each with an optional step.
function matches(part, value) {
  const [range, step = "1"] = part.split("/");
  const [first, last = first] = range === "*" ? [0, 59] : range.split("-").map(Number);
  return value >= first && value <= last && (value - first) % Number(step) === 0;
}

const actions = { serve, run };
let queue = Promise.resolve();
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const [[action, argument]] = Object.entries(JSON.parse(line));
  queue = queue.then(() => actions[action](argument)).catch((error) => say({ failed: String(error?.message ?? error) }));
});
lines.on("close", () => {
  clearTimeout(clock);
  // No exit by force: Miniflare still deletes its temporary folder. What never started cannot end either.
  edge?.dispose().catch(() => {});
});
