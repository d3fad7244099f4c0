// What the endpoints share: who calls, what it may do, and the answer.
import { neon, neonConfig, types, type NeonQueryFunction } from "@neondatabase/serverless";
import enterSql from "../sql/enter.sql";

export interface Env {
  JWT_KEYS: string;
  SQL_URL: string;
  SQL_LOGIN_PERSON: string;
  PUBLIC_URL: string;
  ALLOWED_HOSTS: string;
  ALLOWED_ORIGINS: string;
  LINK_KEY: string;
  RUNPOD_BASE_URL: string;
  RUNPOD_API_KEY: string;
  RUNPOD_ENDPOINT_ID_IMAGE: string;
  LIMIT_10: Limiter;
  LIMIT_60: Limiter;
  LIMIT_300: Limiter;
}

interface Limiter {
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

export interface Person {
  id: string;
  session: string;
  role: string;
}

export interface Call {
  request: Request;
  url: URL;
  env: Env;
  requestId: string;
  operation: string;
  now: Date;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors?: { field: string; code: string }[],
  ) {
    super(code);
  }
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
export const DATE = /^\d{4}-\d{2}-\d{2}$/;

// Ids are JSON numbers, and a date has no time.
types.setTypeParser(types.builtins.INT8, Number);
types.setTypeParser(types.builtins.DATE, (text: string) => text);

/** One endpoint behind what every request goes through. */
export function worker(operation: string, handler: (call: Call) => Promise<Response> | Response) {
  return {
    async fetch(request: Request, env: Env): Promise<Response> {
      const started = Date.now();
      const call: Call = { request, url: new URL(request.url), env, requestId: crypto.randomUUID(), operation, now: new Date(started) };
      let answer: Response;
      let code: string | undefined;
      try {
        if (!env.ALLOWED_HOSTS.split(",").includes(call.url.host)) throw new Problem(400, "unknown_host", "Hôte inconnu.");
        answer = await handler(call);
      } catch (error) {
        const problem = error instanceof Problem ? error : fromDatabase(error);
        code = problem.code;
        answer = Response.json(
          { type: "about:blank", title: problem.code, status: problem.status, detail: problem.detail, code, request_id: call.requestId, errors: problem.errors },
          { status: problem.status, headers: { "content-type": "application/problem+json" } },
        );
      }
      const headers = answer.headers;
      headers.set("x-request-id", call.requestId);
      headers.set("vary", "Accept-Language, Origin");
      headers.set("x-content-type-options", "nosniff");
      headers.set("referrer-policy", "no-referrer");
      headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
      headers.set("strict-transport-security", "max-age=63072000; includeSubDomains");
      headers.set("cache-control", "no-store");
      const origin = request.headers.get("origin");
      if (origin && env.ALLOWED_ORIGINS.split(",").includes(origin)) headers.set("access-control-allow-origin", origin);
      console.log(
        JSON.stringify({ time: call.now, request_id: call.requestId, operation, method: request.method, status: answer.status, code, ms: Date.now() - started }),
      );
      return answer;
    },
  };
}

function fromDatabase(error: unknown): Problem {
  const { code, message } = error as { code?: string; message?: string };
  if (code?.startsWith("OR")) return new Problem(Number(code.slice(2)), message ?? "", message ?? "");
  console.error(error);
  return new Problem(500, "internal", "Erreur interne.");
}

let keys: Promise<Map<string, CryptoKey>> | undefined;

function importKeys(text: string): Promise<Map<string, CryptoKey>> {
  const imported = text.split(",").map(async (entry): Promise<[string, CryptoKey]> => {
    const [id, key] = entry.trim().split(":");
    const bytes = Uint8Array.from(atob(key), (character) => character.charCodeAt(0));
    return [id, await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["verify"])];
  });
  return Promise.all(imported).then((entries) => new Map(entries));
}

const encoder = new TextEncoder();

function decode(part: string): Uint8Array {
  return Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

const parse = (part: string) => JSON.parse(new TextDecoder().decode(decode(part)));

/** The caller, once the token's signature, audience, issuer and time have been checked and the call counted. */
export async function person(call: Call, limiter: Limiter): Promise<Person> {
  const me = await authenticate(call);
  const { success } = await limiter.limit({ key: `${call.operation}:${me.id}` });
  if (!success) throw new Problem(429, "rate_limited", "Trop de requêtes.");
  return me;
}

async function authenticate({ request, env, now }: Call): Promise<Person> {
  const refused = new Problem(401, "unauthenticated", "Authentification requise.");
  const [scheme, token] = request.headers.get("authorization")?.split(" ") ?? [];
  const parts = token?.split(".");
  if (scheme?.toLowerCase() !== "bearer" || parts?.length !== 3) throw refused;
  let header, claims, signature;
  try {
    [header, claims, signature] = [parse(parts[0]), parse(parts[1]), decode(parts[2])];
  } catch {
    throw refused;
  }
  keys ??= importKeys(env.JWT_KEYS);
  const key = (await keys).get(header.kid);
  if (header.alg !== "HS256" || !key) throw refused;
  if (!(await crypto.subtle.verify("HMAC", key, signature, encoder.encode(`${parts[0]}.${parts[1]}`)))) throw refused;
  const seconds = now.getTime() / 1000;
  if (claims.iss !== "oree" || claims.aud !== "oree" || !(claims.iat <= seconds + 30)) throw refused;
  if (!(claims.exp > seconds - 30)) throw new Problem(401, "token_expired", "Session expirée.");
  if (!UUID.test(claims.sub) || !UUID.test(claims.sid)) throw refused;
  return { id: claims.sub, session: claims.sid, role: claims.role };
}

let sql: NeonQueryFunction<false, true> | undefined;

/** Runs statements in one transaction and one round trip, as the person. */
export async function query(call: Call, me: Person, readOnly: boolean, statements: [text: string, parameters: unknown[]][]) {
  const { env } = call;
  if (!sql) {
    neonConfig.fetchEndpoint = () => env.SQL_URL;
    sql = neon(env.SQL_LOGIN_PERSON, { fullResults: true });
  }
  const claims = { sub: me.id, session: me.session, role: me.role, request_id: call.requestId, operation: call.operation, language: "fr" };
  const run = sql;
  const all = [run.query(enterSql, [JSON.stringify(claims), call.now.toISOString(), "authenticated"]), ...statements.map(([text, parameters]) => run.query(text, parameters))];
  const [, ...results] = await run.transaction(all, { readOnly });
  return results.map((result) => result.rows);
}

/** A JSON object with no other fields than these. */
export async function body(call: Call, fields: string[]): Promise<Record<string, unknown>> {
  if (Number(call.request.headers.get("content-length")) > 65_536) throw new Problem(413, "body_too_large", "Corps trop grand.");
  if (call.request.headers.get("content-type")?.split(";")[0].trim().toLowerCase() !== "application/json") {
    throw new Problem(415, "unsupported_media_type", "application/json attendu.");
  }
  const text = await call.request.text();
  if (text.length > 65_536) throw new Problem(413, "body_too_large", "Corps trop grand.");
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Problem(400, "malformed_json", "JSON invalide.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Problem(400, "malformed_json", "Objet attendu.");
  const unknown = Object.keys(value).filter((field) => !fields.includes(field));
  if (unknown.length > 0) throw invalid(unknown.map((field) => ({ field, code: "unknown_field" })));
  return value;
}

export function invalid(errors: { field: string; code: string }[]): Problem {
  return new Problem(422, "invalid", "Certains champs ne sont pas valables.", errors);
}

/** The path's last part, which must be the caller's own id. */
export function owner(call: Call, me: Person): void {
  const id = call.url.pathname.split("/").at(-1) ?? "";
  if (!UUID.test(id)) throw invalid([{ field: "user_id", code: "bad_uuid" }]);
  if (id.toLowerCase() !== me.id) throw new Problem(403, "forbidden", "Accès non autorisé");
}
