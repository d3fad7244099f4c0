import settleSql from "../sql/settle.sql";
import submitSql from "../sql/submit.sql";
import submittedSql from "../sql/submitted.sql";
import { body, type Call, invalid, person, Problem, query, worker } from "./lib";

const WORDS = ["world", "era", "class", "pose", "decor"] as const;
const LIFETIME_S = 600;

export default worker("grimoire-generate-scene.generate", async (call) => {
  const { env } = call;
  const me = await person(call, env.LIMIT_10);
  const wanted = await body(call, [...WORDS, "cache"]);
  const errors = WORDS.filter((field) => {
    const words = wanted[field];
    return typeof words !== "string" || words.trim() === "" || [...words].length > 200 || /\p{Cc}/u.test(words);
  }).map((field) => ({ field: field as string, code: "length" }));
  if (wanted.cache !== undefined && wanted.cache !== "use" && wanted.cache !== "refresh") errors.push({ field: "cache", code: "unknown_value" });
  if (errors.length > 0) throw invalid(errors);
  const input = Object.fromEntries(WORDS.map((field) => [field, wanted[field]]));
  const given: Record<string, string> = Object.fromEntries(WORDS.map((field) => [field, neutral(wanted[field] as string)]));
  given.prompt = WORDS.map((field) => given[field]).join(", ");
  const place = `${env.PUBLIC_URL}/api/v1/scenes/`;
  const key = call.request.headers.get("idempotency-key");
  const hash = await sha256(JSON.stringify(wanted));
  const endpoint = env.RUNPOD_ENDPOINT_ID_IMAGE;
  const [[{ answer }]] = await query(call, me, false, [
    [submitSql, ["scene", JSON.stringify(input), JSON.stringify(given), endpoint, place, wanted.cache === "refresh", key, hash, LIFETIME_S]],
  ]);
  const queued = { id: answer.id, status: "queued", status_url: place + answer.id };
  switch (answer.outcome) {
    case "created":
      await submit(call, me, answer.job, given, key, queued);
      return accepted(queued, 202);
    case "joined":
      return accepted({ ...queued, status: answer.status }, 202);
    case "cached":
      return accepted({ ...queued, status: answer.status }, 200);
    case "quota_exceeded":
      throw new Problem(429, "quota_exceeded", "Le quota du jour est épuisé.");
    case "not_allowed":
      throw invalid(answer.fields.map((field: string) => ({ field, code: "not_allowed" })));
    default:
      throw new Problem(409, answer.outcome, answer.outcome);
  }
});

function accepted(queued: { status_url: string }, status: number): Response {
  return Response.json(queued, { status, headers: { location: queued.status_url } });
}

const ORDERS =
  /ignore previous|ignore all previous|ignore the above|ignore all instructions|disregard previous|disregard all|forget previous|system prompt|you are now|new instructions|ignore les instructions|ignore toutes les instructions|oublie les instructions|negative prompt/gi;

/** What could steer the model is made plain text. */
function neutral(words: string): string {
  const plain = words.replace(/\p{Cf}/gu, "").replace(/[\p{Cc}\s<>{}[\]|\\`#*$^~]+/gu, " ");
  return plain.replace(ORDERS, "").replace(/ +/g, " ").trim();
}

async function submit(call: Call, me: Parameters<typeof query>[1], job: { id: string; endpoint: string }, given: unknown, key: string | null, queued: unknown) {
  const { env } = call;
  const expires = Math.floor(call.now.getTime() / 1000) + 900;
  const proof = await seal(env.LINK_KEY, `runpod:${job.id}:${expires}`);
  const webhook = `${env.PUBLIC_URL}/api/v1/webhooks/runpod/${job.id}?expires=${expires}&proof=${proof}`;
  const started = Date.now();
  const answer = await fetch(`${env.RUNPOD_BASE_URL}/${job.endpoint}/run`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${env.RUNPOD_API_KEY}` },
    body: JSON.stringify({ input: given, webhook, policy: { ttl: LIFETIME_S * 1000 } }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Problem(503, "runpod_unavailable", "RunPod ne répond pas.");
  const { id } = await answer.json<{ id: string }>();
  await query(call, me, false, [
    [submittedSql, [job.id, id, Date.now() - started]],
    [settleSql, [key, JSON.stringify(queued)]],
  ]);
}

let linkKey: Promise<CryptoKey> | undefined;

async function seal(key: string, subject: string): Promise<string> {
  const bytes = () => Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
  linkKey ??= crypto.subtle.importKey("raw", bytes(), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const proof = await crypto.subtle.sign("HMAC", await linkKey, new TextEncoder().encode(subject));
  return btoa(String.fromCharCode(...new Uint8Array(proof))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
