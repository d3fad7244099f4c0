// Servers of others, in Garmin's paths: oauthlib's of OAuth 1, which refuses whatever is not signed as RFC 5849 says, and
// oauth2-mock-server's of OAuth 2, which checks PKCE. Both consent at once. Installed from PyPI and npm below build/peers; prints their
// addresses as one line of JSON.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import http from "node:http";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = fileURLToPath(new URL("../../../build/peers/oauth/", import.meta.url));
const packages = { npm: "oauth2-mock-server@8.2.3", pip: "oauthlib==3.3.1" };
const python = `${folder}venv/bin/python`;
mkdirSync(folder, { recursive: true });
const run = (program, ...words) => execFileSync(program, words, { stdio: ["ignore", "ignore", "inherit"], timeout: 180_000 });
run("npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", packages.npm);
run("python3", "-m", "venv", `${folder}venv`);
run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", packages.pip);

const oauth1 = spawn(python, [fileURLToPath(new URL("oauth1.py", import.meta.url)), "simulated"], { stdio: ["pipe", "pipe", "inherit"] });
const port = await new Promise((found) => oauth1.stdout.once("data", (line) => found(String(line).trim())));

const { OAuth2Server } = await import(pathToFileURL(`${folder}node_modules/oauth2-mock-server/dist/index.mjs`));
const endpoints = { authorize: "/oauth2Confirm", token: "/di-oauth2-service/oauth/token" };
const oauth2 = new OAuth2Server(undefined, undefined, { endpoints });
await oauth2.issuer.keys.generate("RS256");
const listening = http.createServer((request, response) => {
  if (!request.url.startsWith("/wellness-api/")) return oauth2.service.requestHandler(request, response);
  // A JSON Web Token begins so.
  const status = request.headers.authorization?.startsWith("Bearer ey") ? 200 : 401;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify({ userId: "oauth2-account", permissions: ["ACTIVITY_EXPORT"] }));
});
listening.listen(0, "127.0.0.1", () => {
  oauth2.issuer.url = `http://127.0.0.1:${listening.address().port}`;
  console.log(JSON.stringify({ oauth1: `http://127.0.0.1:${port}`, oauth2: oauth2.issuer.url }));
});
