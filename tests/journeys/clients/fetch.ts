// openapi-typescript and openapi-fetch with their defaults: signs up, records a kaizen, reads the streak, follows a scene.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const client = createClient<paths>({ baseUrl: process.argv[2] });
const email = `fetch-${Date.now()}@example.org`;
const { data: signed, error } = await client.POST("/api/v1/auth/register", { body: { email, password: "une phrase de passe" } });
if (!signed || !("access_token" in signed)) throw new Error(JSON.stringify(error ?? signed));
client.use({
  onRequest: ({ request }) => {
    request.headers.set("Authorization", `Bearer ${signed.access_token}`);
    return request;
  },
});
const { error: refused } = await client.POST("/api/v1/rise/kaizen", { body: { action: "Ranger le bureau", completed: true } });
if (refused) {
  const code: components["schemas"]["Problem"]["code"] = refused.code;
  throw new Error(code);
}
const { data: streak } = await client.GET("/api/v1/rise/kaizen/streak/{user_id}", { params: { path: { user_id: signed.user.id } } });
if (streak?.current !== 1) throw new Error(`the streak is ${streak?.current}`);
const { data: scene, error: busy } = await client.POST("/api/v1/generate/scene", {
  params: { header: { "Idempotency-Key": crypto.randomUUID() } },
  body: { world: "Brume", era: "Aube", class: "Mage", pose: "Debout", decor: "Lisière" },
});
if (!scene) throw new Error(JSON.stringify(busy));
const { response } = await client.GET("/api/v1/scenes/{id}/events", { params: { path: { id: scene.id } }, parseAs: "stream" });
if (response.headers.get("content-type") !== "text/event-stream") throw new Error("no events");
process.exit(0);
