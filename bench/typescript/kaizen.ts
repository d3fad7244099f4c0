import insertSql from "../sql/insert_kaizen.sql";
import listSql from "../sql/list_kaizen.sql";
import whySql from "../sql/why_not_inserted.sql";
import { body, type Call, DATE, invalid, owner, person, Problem, query, UUID, worker } from "./lib";

export default worker("kaizen", (call) => {
  switch (call.request.method) {
    case "POST":
      return create(call);
    case "GET":
      return list(call);
    default:
      throw new Problem(405, "method_not_allowed", "Méthode non autorisée.");
  }
});

async function create(call: Call): Promise<Response> {
  const me = await person(call, call.env.LIMIT_60);
  const { action, date, completed, client_id } = await body(call, ["action", "date", "completed", "client_id"]);
  const errors = [];
  if (typeof action !== "string" || action.trim() === "" || [...action].length > 500) errors.push({ field: "action", code: "length" });
  if (date !== undefined && !(typeof date === "string" && DATE.test(date))) errors.push({ field: "date", code: "bad_date" });
  if (completed !== undefined && typeof completed !== "boolean") errors.push({ field: "completed", code: "wrong_type" });
  if (client_id !== undefined && !(typeof client_id === "string" && UUID.test(client_id))) errors.push({ field: "client_id", code: "bad_uuid" });
  if (errors.length > 0) throw invalid(errors);
  const parameters = [action, date ?? null, completed ?? null, client_id ?? null];
  const [[inserted], [why]] = await query(call, me, false, [
    [insertSql, parameters],
    [whySql, [client_id ?? null]],
  ]);
  if (inserted) return entry(inserted, 201);
  const first = why.existing;
  if (!first) throw invalid([{ field: "date", code: (date as string) > why.today ? "date_in_future" : "date_too_old" }]);
  const same = first.action === action && (date ?? first.date) === first.date && (completed ?? first.completed) === first.completed;
  if (!same) throw new Problem(409, "client_id_mismatch", "Cet identifiant a déjà servi.");
  delete first.deleted_at;
  return entry(first, 200);
}

function entry(entry: Record<string, unknown>, status: number): Response {
  return Response.json(entry, { status, headers: { etag: `"${entry.version}"` } });
}

async function list(call: Call): Promise<Response> {
  const me = await person(call, call.env.LIMIT_300);
  const asked = call.url.searchParams;
  const [from, to] = [asked.get("from"), asked.get("to")];
  const limit = Number(asked.get("limit") ?? 20);
  const errors = [];
  if (from && !DATE.test(from)) errors.push({ field: "from", code: "bad_date" });
  if (to && !DATE.test(to)) errors.push({ field: "to", code: "bad_date" });
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) errors.push({ field: "limit", code: "out_of_range" });
  let after: [string | null, number | null] = [null, null];
  const cursor = asked.get("cursor");
  if (cursor) {
    try {
      after = JSON.parse(atob(cursor));
    } catch {
      errors.push({ field: "cursor", code: "bad_cursor" });
    }
  }
  if (errors.length > 0) throw invalid(errors);
  owner(call, me);
  const [rows] = await query(call, me, true, [[listSql, [from, to, after[0], after[1], limit + 1]]]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return Response.json({ items, next_cursor: rows.length > limit && last ? btoa(JSON.stringify([last.date, last.id])) : null });
}
