// @hey-api/openapi-ts with its defaults: signs up, records a kaizen, reads the streak, follows a scene.
import { client } from "./hey/client.gen.js";
import { createKaizen, followScene, generateScene, getStreak, signUp } from "./hey/sdk.gen.js";

const baseUrl = process.argv[2];
client.setConfig({ baseUrl, throwOnError: true });
const email = `hey-${Date.now()}@example.org`;
const { data: signed } = await signUp({ body: { email, password: "une phrase de passe" }, throwOnError: true });
if (!("access_token" in signed)) throw new Error("this server verifies addresses first");
client.setConfig({ baseUrl, auth: signed.access_token });
const { data: kaizen } = await createKaizen({ body: { action: "Ranger le bureau", completed: true }, throwOnError: true });
const { data: streak } = await getStreak({ path: { user_id: signed.user.id }, throwOnError: true });
const body = { world: "Brume", era: "Aube", class: "Mage", pose: "Debout", decor: "Lisière" };
const { data: scene } = await generateScene({ body, headers: { "Idempotency-Key": crypto.randomUUID() }, throwOnError: true });
const { stream } = await followScene({ path: { id: scene.id } });
const { value: seen } = await stream.next();
if (kaizen.completed !== true || streak.current !== 1) throw new Error(`the streak is ${streak.current}`);
if (!seen || !("id" in seen) || seen.id !== scene.id) throw new Error("the scene is not followed");
process.exit(0);
