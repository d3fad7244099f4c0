import streakSql from "../sql/streak.sql";
import { invalid, owner, person, query, worker } from "./lib";

export default worker("streak.streak", async (call) => {
  const me = await person(call, call.env.LIMIT_300);
  const days = Number(call.url.searchParams.get("days") ?? 14);
  if (!Number.isInteger(days) || days < 1 || days > 366) throw invalid([{ field: "days", code: "out_of_range" }]);
  owner(call, me);
  const [[streak]] = await query(call, me, true, [[streakSql, [days]]]);
  return Response.json(streak);
});
