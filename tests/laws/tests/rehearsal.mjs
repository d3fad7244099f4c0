// How functions rehearse, on modules as they were built: `node rehearsal.mjs <folder of modules>` prints a JSON object, by function what
// went wrong. Loading a module must touch nothing outside, rehearse every endpoint to its end, and where the rehearsal breaks
// the first request must be answered all the same.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const modules = resolve(process.argv[2]);
const touched = [];
const real = { fetch, now: Date.now, log: console.log, setTimeout, getRandomValues: crypto.getRandomValues };

/** Whatever module scope may not touch is noted; randomness is refused there, as by the runtime. */
function guard() {
  const touch = (what) => touched.push(what);
  globalThis.fetch = () => (touch("fetch"), Promise.reject(new Error("no network")));
  globalThis.setTimeout = (...values) => (touch("a timer"), real.setTimeout(...values));
  Date.now = () => (touch("the clock"), 0);
  console.log = () => touch("the log");
  crypto.getRandomValues = () => {
    throw new Error("Disallowed operation called within global scope");
  };
}

function release() {
  Object.assign(globalThis, { fetch: real.fetch, setTimeout: real.setTimeout });
  Date.now = real.now;
  console.log = () => {};
  delete crypto.getRandomValues;
}

let instances = 0;
let rehearsals = 0;
const Instance = WebAssembly.Instance;
WebAssembly.Instance = function (module, imports) {
  instances += 1;
  const { exports } = new Instance(module, imports);
  const rehearse = (...values) => {
    rehearsals += 1;
    return exports.rehearse(...values);
  };
  return { exports: { ...exports, rehearse } };
};

/** Loads a function as it is, or with `change` made to its entry. */
async function load(name, change = (text) => text) {
  const folder = join(modules, name);
  const entry = join(folder, "rehearsed.js");
  const read = `import { readFileSync } from "node:fs";\nconst module = new WebAssembly.Module(readFileSync(${JSON.stringify(join(folder, "module.wasm"))}));`;
  const text = change(readFileSync(join(folder, "index.js"), "utf8"));
  writeFileSync(entry, text.replace('import module from "./module.wasm";', read));
  guard();
  try {
    return (await import(`${pathToFileURL(entry)}?${instances}`)).default;
  } finally {
    release();
    rmSync(entry);
  }
}

const replaced = (text, from, to) => {
  if (!text.includes(from)) throw new Error(`the shim no longer says ${from}`);
  return text.replace(from, to);
};
const env = {
  STAGE: "dev",
  PUBLIC_URL: "https://api.oree.example",
  SQL_URL: "https://sql.oree.example/sql",
  SQL_LOGIN_PERSON: "postgres://oree_person:secret@localhost/oree",
};

/** What a request is answered with on an instance that has just been loaded. */
async function status(worker, path) {
  const answer = await worker.fetch(new Request(`https://api.oree.example${path}`), env, { waitUntil() {} });
  await answer.text();
  return answer.status;
}

const wrong = {};
// What stands in front of all functions is none.
for (const name of readdirSync(modules).filter((name) => name !== "entry").sort()) {
  const { calls } = await import(pathToFileURL(join(modules, name, "rehearsal.js")));
  touched.length = instances = rehearsals = 0;
  globalThis.broke = undefined;
  await load(name, (text) => replaced(text, "} catch {\n    // The first request compiles", "} catch (error) {\n    globalThis.broke = error;\n    // The first request compiles"));
  const found = [...new Set(touched)].map((what) => `${what} is touched`);
  if (globalThis.broke) found.push(`breaks: ${globalThis.broke.stack}`);
  if (rehearsals !== calls.length) found.push(`${rehearsals} of ${calls.length} rehearsals`);
  if (instances !== 2) found.push(`${instances} instances`);
  if (found.length > 0) wrong[name] = found;
}

// A real trap in the middle of a rehearsal: a pointer beyond all memory.
const trapping = (text) =>
  replaced(
    replaced(text, "initSync({ module });", "const raw = initSync({ module });"),
    "bindings.rehearse(operation, path, length, {})",
    "((globalThis.traps += 1), raw.rehearse(-16, 1024, -16, 1024, length, 0))",
  );
globalThis.traps = 0;
const [live, nothing] = [await load("operations-health", trapping), await load("operations-not-found", trapping)];
const seen = [await status(live, "/api/v1/health?live"), await status(nothing, "/api/v1/nothing")];
if (globalThis.traps !== 2 || seen.join() !== "200,404") wrong["a trap"] = [`${globalThis.traps} traps, then ${seen}`];
process.stdout.write(`${JSON.stringify(wrong)}\n`);
