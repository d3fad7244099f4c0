// The entry of every deployed function: hands a request to wasm and its answer back.
import { initSync, fetch as serve, __wbg_reset_state as reset } from "./bindings.js";
import * as bindings from "./bindings.js";
import { rehearsing, renew, skip, watch } from "./bridge.js";
import module from "./module.wasm";
import { calls } from "./rehearsal.js";

/** How to give up the requests in flight, should their instance break. */
let waiting = new Set();

watch(breakDown);
initSync({ module });
rehearse();

export default {
  async fetch(request, env, context) {
    let headers = "";
    for (const [name, value] of request.headers) headers += `${name}:${value}\n`;
    try {
      const answer = await called((call) => serve(request.method, request.url, headers, call), request, env, context);
      if (answer.status >= 400 && request.body && !request.bodyUsed) await skip(request.body.getReader());
      return answer;
    } catch {
      return broken();
    }
  },

  async scheduled(event, env, context) {
    // What broke is in the log.
    await called((call) => bindings.scheduled(event, env, call), undefined, env, context).catch(() => {});
  },
};

/**
 * V8 compiles what is called for the first time, most of a first answer's time. So each endpoint is called once while the module is
 * loaded, with settings, a caller and a time that are made up, as a test has called it. The instance that has rehearsed is thrown
 * away, whatever came of it: what stays is compiled code.
 */
function rehearse() {
  try {
    for (const { operation, path, body } of calls) {
      rehearsing(body, (length) => bindings.rehearse(operation, path, length, {}));
    }
  } catch {
    // The first request compiles the rest.
  }
  reset();
  renew();
}

/** Enters wasm with one call; the promise is kept when it is answered, and broken when its instance is. */
function called(enter, request, env, context) {
  return new Promise((resolve, reject) => {
    const answered = (answer) => {
      waiting.delete(reject);
      resolve(answer);
    };
    waiting.add(reject);
    try {
      enter({ request, env, context, answered });
    } catch (error) {
      breakDown(error);
    }
  });
}

/** A panic leaves the instance in an unknown state: begin a fresh one and give up everyone who waited for the old. */
function breakDown(error) {
  console.log(JSON.stringify({ level: "error", code: "panic", error: String(error?.stack ?? error) }));
  const others = waiting;
  waiting = new Set();
  reset();
  renew();
  for (const reject of others) reject(error);
}

function broken() {
  const id = crypto.randomUUID();
  const detail = "Erreur interne. Indiquez l'identifiant de requête au support.";
  const problem = {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail,
    code: "internal",
    request_id: id,
    error: { message: detail, type: "api_error", param: null, code: "internal" },
  };
  return new Response(JSON.stringify(problem), {
    status: 500,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", "x-request-id": id },
  });
}
