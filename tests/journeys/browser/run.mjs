// The operators' pages as a browser shows them: an operator signs in, reads, filters, pages and signs out with JavaScript off, by
// keyboard, in both languages and both colour schemes, and on paper. Works in build/browser, where it leaves its pictures. Chromium is
// the machine's (Debian: `chromium`), or the program that CHROMIUM names. Arguments: the edge's address, the database's, the bearer token
// of whoever sends reports.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../../build/browser/", import.meta.url));
const [edge, database, reporter] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
cpSync(new URL("package.json", import.meta.url), `${folder}/package.json`);
execFileSync("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
const { chromium } = createRequire(folder)("playwright-core");
const { default: pg } = await import("pg");

/// Commits of a report, more than one page has.
const COMMITS = 45;
const EMAIL = `operator-${Date.now()}@example.org`;
const PASSWORD = "une phrase de passe";

const send = async (path, body, headers = {}) => {
  const answer = await fetch(`${edge}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
};

/// One run of a workflow: a test wavers on every third commit, and one fails on every seventh.
const report = async (commit, attempt) => {
  const broken = commit % 7 === 0;
  const wavers = commit % 3 === 0 && attempt === 1;
  const tests = [
    { name: "counts the days", status: broken ? "failed" : "passed", duration: 12, message: broken ? "6 is not 7" : undefined },
    { name: "<b>waits</b> for the tide", status: wavers ? "failed" : "passed", duration: 90 },
  ];
  const environment = {
    repositoryName: "oree/edge",
    commit: commit.toString(16).padStart(40, "c"),
    branchName: commit % 5 === 0 ? "next" : "main",
    buildName: "tests",
    buildNumber: commit + 1,
    buildUrl: `https://ci.example.org/runs/${commit + 1}`,
  };
  const results = { tool: { name: "vitest" }, summary: { start: 0, stop: 65_000 }, tests, environment };
  await send(`/api/v1/qa/report?attempt=${attempt}`, { results }, { authorization: `Bearer ${reporter}` });
};

await send("/api/v1/auth/register", { email: EMAIL, password: PASSWORD });
const client = new pg.Client({ connectionString: database });
await client.connect();
await client.query(
  `begin; select set_config('oree.now', clock_timestamp()::text, true); update users set role = 'qa' where email = '${EMAIL}'; commit`,
);
await client.end();
for (let commit = 0; commit < COMMITS; commit += 1) {
  await report(commit, 1);
  if (commit % 3 === 0) await report(commit, 2);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
const faults = [];
const open = async (options) => {
  const context = await browser.newContext({ baseURL: edge, javaScriptEnabled: false, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    // Refusals are shown as pages, and no page has an icon.
    const isExpected = /status of 40[13]/.test(message.text()) || message.location().url.endsWith("/favicon.ico");
    if (["error", "warning"].includes(message.type()) && !isExpected) faults.push(message.text());
  });
  return { context, page };
};
const picture = (page, name) => page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });

/// What an action leads to.
const follow = async (page, action) => {
  await Promise.all([page.waitForEvent("framenavigated"), action()]);
  await page.waitForLoadState();
};
const filter = (page) => follow(page, () => page.getByRole("button", { name: "Filter" }).press("Enter"));

/// By keyboard alone: the address has the focus from the start.
const enter = async (page, password) => {
  await page.goto("/admin/sign-in");
  await page.keyboard.type(EMAIL);
  await page.keyboard.press("Tab");
  await page.keyboard.type(password);
  await follow(page, () => page.keyboard.press("Enter"));
};

const { context, page } = await open({ locale: "en-GB", colorScheme: "light" });
await page.goto("/admin/qa");
assert.match(await page.textContent("body"), /Sign in/, "who has not signed in is shown the way");
await enter(page, "a wrong one");
assert.match(await page.textContent("body"), /Wrong address or password/);
await picture(page, "refused");
await enter(page, PASSWORD);
assert.equal(new URL(page.url()).pathname, "/admin");
await picture(page, "home");

const cookies = Object.fromEntries((await context.cookies()).map((cookie) => [cookie.name, cookie]));
const { httpOnly, secure, sameSite, expires } = cookies["__Host-page"];
assert.deepEqual({ httpOnly, secure, sameSite }, { httpOnly: true, secure: true, sameSite: "Strict" });
assert.ok(expires - Date.now() / 1000 <= 1800, "half an hour");
assert.ok(cookies["__Host-device"], "the browser is known by its next sign-in");

await follow(page, () => page.getByRole("link", { name: "Quality", exact: true }).click());
const rows = page.locator("table").first().locator("tbody tr");
assert.equal(await rows.count(), 40);
await picture(page, "quality");
assert.match(await page.textContent("body"), /<b>waits<\/b> for the tide/, "what a report calls a test is text");
assert.equal(await page.locator("b").count(), 0);
await follow(page, () => page.getByRole("link", { name: "Older ones →" }).click());
assert.equal(await rows.count(), COMMITS - 40, "and the rest on the next page");
await page.goBack();
await page.getByLabel("Status").selectOption("failure");
await page.getByLabel("Branch").fill("main");
await filter(page);
const texts = await rows.allTextContents();
assert.ok(texts.length > 0 && texts.every((text) => text.startsWith("✗ failure") && text.includes("main")), texts.join("\n"));
await picture(page, "filtered");
await page.getByLabel("Branch").fill("no such branch");
await filter(page);
assert.match(await page.textContent("body"), /No report is like that/);
await picture(page, "empty");

await page.goto("/admin/qa");
await page.emulateMedia({ media: "print" });
assert.equal(await page.getByRole("navigation").isVisible(), false, "paper has no way out");
await page.pdf({ path: `${folder}/quality.pdf`, format: "A4" });
await page.emulateMedia({ media: "screen" });

const { page: other } = await open({ locale: "fr-FR", colorScheme: "dark", viewport: { width: 390, height: 800 } });
await enter(other, PASSWORD);
await other.goto("/admin/qa");
assert.equal(await other.getAttribute("html", "lang"), "fr");
const wide = await other.locator("html").evaluate((html) => html.scrollWidth - html.clientWidth);
assert.ok(wide <= 0, `a telephone scrolls sideways by ${wide} px`);
await picture(other, "quality-fr-dark-narrow");

// The cookie opens nothing but pages, and nothing but reading: neither from the page itself, nor from another site.
const api = await context.request.get("/api/v1/qa/report");
assert.equal(api.status(), 401);
await follow(page, () => page.getByRole("button", { name: "Sign out" }).click());
await page.goto("/admin/qa");
assert.match(await page.textContent("body"), /Sign in/);
assert.deepEqual(faults, [], "the browser complains of nothing");
await browser.close();
