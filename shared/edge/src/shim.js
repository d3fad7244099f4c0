// The entry of every deployed function: hands a request to wasm and its answer back.
import { initSync, fetch as serve, __wbg_reset_state as reset } from "./bindings.js";
import * as bindings from "./bindings.js";
import module from "./module.wasm";

/** Requests in flight, to be answered at once should their instance break. */
let waiting = new Set();
let instance = 0;

// Futures are polled in microtasks, where nobody would see that one has broken the instance: the runtime would only find
// its request to hang. What is left of an instance that was replaced may fail without harm.
const queue = globalThis.queueMicrotask;
globalThis.queueMicrotask = (task) => {
  const own = instance;
  queue(() => {
    try {
      task();
    } catch (error) {
      if (own === instance) breakDown(error);
    }
  });
};

initSync({ module });

export default {
  async fetch(request, env, context) {
    let headers = "";
    for (const [name, value] of request.headers) headers += `${name}:${value}\n`;
    const { promise, reject } = Promise.withResolvers();
    waiting.add(reject);
    try {
      const served = serve(request.method, request.url, headers, request, env, context);
      const answer = await Promise.race([served, promise]);
      if (answer.status >= 400) drain(request, context);
      return answer;
    } catch (error) {
      breakDown(error);
      return broken();
    } finally {
      waiting.delete(reject);
    }
  },

  async scheduled(event, env, context) {
    try {
      await bindings.scheduled?.(event.scheduledTime, env, context);
    } catch (error) {
      breakDown(error);
    }
  },
};

/** Reads the rest of a small refused body: the runtime closes a connection on which one was left unread. */
function drain(request, context) {
  if (request.body && !request.bodyUsed && Number(request.headers.get("content-length") ?? Infinity) <= 65_536) {
    context.waitUntil(request.arrayBuffer().catch(() => {}));
  }
}

/** A panic leaves the instance in an unknown state: begin a fresh one and answer everyone who waited for the old. */
function breakDown(error) {
  if (error === BROKEN) return;
  console.log(JSON.stringify({ level: "error", code: "panic", error: String(error?.stack ?? error) }));
  const others = waiting;
  waiting = new Set();
  instance += 1;
  reset();
  for (const reject of others) reject(BROKEN);
}

const BROKEN = new Error("the instance broke down");

function broken() {
  const id = crypto.randomUUID();
  const problem = {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: "Erreur interne. Indiquez l'identifiant de requête au support.",
    code: "internal",
    request_id: id,
  };
  return new Response(JSON.stringify(problem), {
    status: 500,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", "x-request-id": id },
  });
}
