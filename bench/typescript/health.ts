import { worker } from "./lib";

export default worker("health.health", ({ url }) => {
  if (url.searchParams.has("live")) return Response.json({ status: "ok", version: "0.1.0", checks: {} });
  return new Response(null, { status: 501 });
});
