// What wasm asks of the runtime. Each call carries as much as it can: crossing costs per value, not per byte.

/** Calls outside, or through a service binding where `binding` is named. Never throws: status 0 is "nothing came back". */
export async function http(env, binding, method, url, headers, content, timeout, most) {
  try {
    const target = binding ? env[binding] : globalThis;
    const answer = await target.fetch(url, {
      method,
      headers: pairs(headers),
      // wasm memory may move while this is under way.
      body: content.length ? content.slice() : undefined,
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    const retry = answer.headers.get("retry-after");
    const received = await body(answer, most);
    if (!received) return nothing("answer too large");
    return {
      status: answer.status,
      retry_after: retry !== null && /^\d{1,9}$/.test(retry) ? Number(retry) : undefined,
      failure: "",
      body: received,
    };
  } catch (error) {
    return nothing(String(error?.name ?? error));
  }
}

function nothing(failure) {
  return { status: 0, retry_after: undefined, failure, body: new Uint8Array() };
}

/** The body of a request or an answer, or null where it is larger than `cap` bytes: then the rest is not read. */
export async function body(request, cap) {
  if (!request?.body) return new Uint8Array();
  const chunks = [];
  let length = 0;
  const reader = request.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > cap) {
      reader.cancel().catch(() => {});
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
export async function limit(env, binding, key) {
  const limiter = env[binding];
  return limiter ? (await limiter.limit({ key })).success : true;
}

export function waitUntil(context, promise) {
  context.waitUntil(promise);
}

export function log(line) {
  console.log(line);
}

export function answer(status, headers, body) {
  const empty = status === 204 || status === 304 || body.length === 0;
  return new Response(empty ? null : body.slice(), { status, headers: pairs(headers) });
}

/** An answer whose body comes piece by piece: `next` promises one, or undefined after the last. */
export function streamed(status, headers, next) {
  const body = new ReadableStream(
    {
      async pull(controller) {
        const piece = await next();
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { status, headers: pairs(headers) });
}

/** `name:value` lines as an object; a repeated name is joined as HTTP joins it. */
function pairs(lines) {
  const headers = {};
  let from = 0;
  for (let end = lines.indexOf("\n"); end !== -1; end = lines.indexOf("\n", from)) {
    const colon = lines.indexOf(":", from);
    const name = lines.slice(from, colon);
    const value = lines.slice(colon + 1, end);
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    from = end + 1;
  }
  return headers;
}
