// What wasm asks of the runtime. Each call carries as much as it can: crossing costs per value, not per byte. What takes time
// has a ticket, and its end enters wasm again under that number.
import { failed, forget, next, received, settled } from "./bindings.js";

/** Raised when the instance is replaced: what an older one has asked for is no longer wanted. */
let instance = 0;
let broken = () => {};
/** What is left to do after an answer, and streams whose reader waits, by their numbers. */
const works = new Map();
const readers = new Map();
/** Streams that are read, by the numbers of the tickets under which they were asked for. */
const sources = new Map();
let lastWork = 0;
/** While wasm rehearses (`shim.js`): what was sent to the endpoint, and how often wasm has been answered. */
let rehearsal;
/** No rehearsal needs more answers: a loop that waits for what never comes ends here. */
const MOST_ANSWERS = 100;
/** When rehearsals take place, for outside of requests there is no clock to trust. */
const REHEARSED_AT = Date.UTC(2026, 0, 1);

/** `handler` is told when wasm has broken down. */
export function watch(handler) {
  broken = handler;
}

/** The instance has been replaced. */
export function renew() {
  instance += 1;
  for (const resolve of works.values()) resolve();
  works.clear();
  for (const { controller, resolve } of readers.values()) {
    try {
      controller.error(new Error("the instance broke down"));
      resolve();
    } catch {
      // The runtime does not let one request touch another's stream; its reader's own connection ends it.
    }
  }
  readers.clear();
  for (const number of [...sources.keys()]) hangup(number);
}

/** Enters wasm, unless the instance that waits there is gone. */
function back(own, enter, ...values) {
  if (own !== instance) return;
  try {
    enter(...values);
  } catch (error) {
    broken(error);
  }
}

/**
 * Runs `enter`, a call that nobody made, whose body is `text`. Nothing leaves the instance meanwhile, and nothing is logged, counted
 * or waited for: the body and the limits are answered from here, the database has no rows, and whatever else is asked for never comes.
 */
export function rehearsing(text, enter) {
  const body = new TextEncoder().encode(text);
  rehearsal = { body, answers: 0 };
  try {
    enter(body.length);
  } finally {
    rehearsal = undefined;
  }
}

/** Answers at once; what breaks ends the rehearsal. */
function atOnce(enter, ...values) {
  rehearsal.answers += 1;
  if (rehearsal.answers > MOST_ANSWERS) throw new Error("the rehearsal does not end");
  enter(...values);
}

/** What the database answers to a batch where it has no rows; nothing for what is no batch. */
function noRows(content) {
  const text = new TextDecoder().decode(content);
  if (!text.startsWith('{"queries":')) return undefined;
  const nothing = { fields: [], rows: [], command: "SELECT", rowCount: 0, rowAsArray: true };
  return new TextEncoder().encode(JSON.stringify({ results: JSON.parse(text).queries.map(() => nothing) }));
}

/** Calls outside, or through a service binding where `binding` is named. */
export async function http(ticket, { env }, binding, method, url, headers, content, timeout, most, wanted) {
  if (rehearsal) {
    const answer = noRows(content);
    if (answer) atOnce(received, ticket, 200, undefined, answer);
    return;
  }
  const own = instance;
  try {
    const target = binding ? env[binding] : globalThis;
    const answer = await target.fetch(url, sent(method, headers, content, AbortSignal.timeout(timeout)));
    const told = lines(answer, wanted);
    const bytes = await read(answer, most);
    if (bytes) back(own, received, ticket, answer.status, told, bytes);
    else back(own, failed, ticket, "answer too large");
  } catch (error) {
    back(own, failed, ticket, String(error?.name ?? error));
  }
}

function sent(method, headers, content, signal) {
  // wasm memory may move while this is under way.
  const body = content.length ? content.slice() : undefined;
  return { method, headers: pairs(headers), body, redirect: "manual", signal };
}

/** The headers of an answer that are `wanted`, names with commas between them, as lines; nothing crosses where there is none. */
function lines(answer, wanted) {
  let found;
  for (const name of wanted.split(",")) {
    const value = name && answer.headers.get(name);
    if (value) found = `${found ?? ""}${name}:${value}\n`;
  }
  return found;
}

/**
 * Calls outside for an answer that comes piece by piece, under the ticket's own number until it is dropped: first the ticket
 * gets status and headers, then `pull` a piece at a time. `first`, `silence` and `whole` are milliseconds. Where the caller
 * leaves, it is hung up on.
 */
export async function open(ticket, { request }, method, url, headers, content, wanted, first, silence, whole) {
  if (rehearsal) return;
  const own = instance;
  const controller = new AbortController();
  request?.signal?.addEventListener("abort", () => controller.abort(), { once: true });
  const source = { controller, silence, reader: null, end: deadline(controller, whole) };
  sources.set(ticket, source);
  const start = deadline(controller, first);
  try {
    const answer = await fetch(url, sent(method, headers, content, controller.signal));
    source.reader = answer.body?.getReader();
    back(own, received, ticket, answer.status, lines(answer, wanted), new Uint8Array());
  } catch (error) {
    back(own, failed, ticket, String(controller.signal.reason?.name ?? error?.name ?? error));
  } finally {
    clearTimeout(start);
  }
}

function deadline(controller, milliseconds) {
  return setTimeout(() => controller.abort(new DOMException("", "TimeoutError")), milliseconds);
}

/** The next piece of a stream: bytes, or 0 at its end. */
export async function pull(ticket, number) {
  const own = instance;
  const source = sources.get(number);
  const patience = source && deadline(source.controller, source.silence);
  try {
    const { done, value } = (await source?.reader?.read()) ?? { done: true };
    if (done) back(own, settled, ticket, 0);
    else back(own, received, ticket, 0, undefined, value);
  } catch (error) {
    back(own, failed, ticket, String(source.controller.signal.reason?.name ?? error?.name ?? error));
  } finally {
    clearTimeout(patience);
  }
}

/** Nobody reads this stream any more. */
export function hangup(number) {
  const source = sources.get(number);
  if (!source) return;
  sources.delete(number);
  try {
    clearTimeout(source.end);
    source.controller.abort();
  } catch {
    // Asked for by another request, which the runtime does not allow: the stream ends with its own.
  }
}

/** Reads the request's body, or fails where it is larger than `cap` bytes. */
export async function body(ticket, { request }, cap) {
  if (rehearsal) return atOnce(received, ticket, 0, undefined, rehearsal.body);
  const own = instance;
  try {
    const bytes = await read(request, cap, skip);
    if (bytes) back(own, received, ticket, 0, undefined, bytes);
    else back(own, failed, ticket, "too large");
  } catch (error) {
    back(own, failed, ticket, String(error?.name ?? error));
  }
}

/** How much of a body is read that is not wanted, and for how many milliseconds. */
const SKIPPED = 32 * 1024 * 1024;
const SKIPPING = 20_000;

/**
 * Reads what is left of a refused body, within bounds, before the answer: the runtime closes a connection on which a body was left
 * unread, and a client that still writes then does not hear the answer.
 */
export async function skip(reader) {
  const patience = setTimeout(() => reader.cancel().catch(() => {}), SKIPPING);
  try {
    for (let left = SKIPPED; left > 0; ) {
      const { done, value } = await reader.read();
      if (done) return;
      left -= value.length;
    }
    await reader.cancel();
  } catch {
    // Its sender is gone.
  } finally {
    clearTimeout(patience);
  }
}

/** The body of a request or an answer, or null where it is larger than `cap` bytes: then `rest` gets its reader. */
async function read(message, cap, rest = (reader) => void reader.cancel().catch(() => {})) {
  if (!message.body) return new Uint8Array();
  // The runtime holds a message to the length that it declares.
  if (Number(message.headers.get("content-length") ?? Infinity) <= cap) return new Uint8Array(await message.arrayBuffer());
  const chunks = [];
  let length = 0;
  const reader = message.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > cap) {
      await rest(reader);
      return null;
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Whether one more call under `key` is within the limit. A runtime without the binding has no limit. */
export async function limit(ticket, { env }, binding, key) {
  if (rehearsal) return atOnce(settled, ticket, 1);
  const own = instance;
  let within = 1;
  try {
    within = Number((await env[binding]?.limit({ key }))?.success ?? true);
  } catch {
    within = 0;
  }
  back(own, settled, ticket, within);
}

export function sleep(ticket, milliseconds) {
  if (rehearsal) return;
  const own = instance;
  setTimeout(() => back(own, settled, ticket, 1), milliseconds);
}

/** Keeps the call alive until `done` is called with the number that this gives. */
export function later({ context }) {
  if (rehearsal) return 0;
  const { promise, resolve } = Promise.withResolvers();
  lastWork += 1;
  works.set(lastWork, resolve);
  context.waitUntil(promise);
  return lastWork;
}

export function done(work) {
  works.get(work)?.();
  works.delete(work);
}

export function now() {
  return rehearsal ? REHEARSED_AT : Date.now();
}

/** A variable of the environment, where it is set. */
export function setting({ env }, name) {
  const value = env[name];
  return typeof value === "string" ? value : undefined;
}

/** What a panic says and where it stands; `shim.js` hears of it next. */
export function panicked(what) {
  if (!rehearsal) console.log(JSON.stringify({ level: "error", code: "panic", error: what }));
}

export function log(line) {
  if (!rehearsal) console.log(line);
}

export function answer(call, status, headers, body) {
  if (rehearsal) return;
  const empty = status === 204 || status === 304 || body.length === 0;
  call.answered(new Response(empty ? null : body.slice(), { status, headers: pairs(headers) }));
}

/** An answer whose body comes piece by piece: each time its reader wants more, `next` asks for one. */
export function streamed(call, status, headers, stream) {
  if (rehearsal) return;
  const own = instance;
  const body = new ReadableStream(
    {
      pull(controller) {
        if (own !== instance) throw new Error("the instance broke down");
        return new Promise((resolve) => {
          readers.set(stream, { controller, resolve });
          back(own, next, stream);
        });
      },
      cancel() {
        readers.delete(stream);
        back(own, forget, stream);
      },
    },
    { highWaterMark: 0 },
  );
  call.answered(new Response(body, { status, headers: pairs(headers) }));
}

export function piece(stream, bytes) {
  const reader = readers.get(stream);
  readers.delete(stream);
  reader?.controller.enqueue(bytes.slice());
  reader?.resolve();
}

export function ended(stream) {
  const reader = readers.get(stream);
  readers.delete(stream);
  reader?.controller.close();
  reader?.resolve();
}

/** `name:value` lines as an object; as a list where a name is repeated, so that cookies stay apart. */
function pairs(lines) {
  const headers = {};
  const repeated = [];
  let from = 0;
  for (let end = lines.indexOf("\n"); end !== -1; end = lines.indexOf("\n", from)) {
    const colon = lines.indexOf(":", from);
    const name = lines.slice(from, colon);
    const value = lines.slice(colon + 1, end);
    if (name in headers) repeated.push([name, value]);
    else headers[name] = value;
    from = end + 1;
  }
  return repeated.length === 0 ? headers : [...Object.entries(headers), ...repeated];
}

/** Letters as they are compared: lower case, accents one with their letters. */
export function lower(text) {
  return text.toLowerCase().normalize("NFC");
}

/** The ASCII form of a domain (UTS 46), empty where it is none. */
export function domainToAscii(domain) {
  try {
    return new URL(`http://${domain}`).hostname;
  } catch {
    return "";
  }
}
