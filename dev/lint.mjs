// Lints build/openapi.json with Redocly's recommended rules; prints what is wrong, one finding a line, and fails if there is any.
import { readFileSync } from "node:fs";
import { createConfig, lint } from "@redocly/openapi-core";

const config = await createConfig({
  extends: ["recommended-strict"],
  rules: {
    // Every example is an answer that a test got, so it must fit its schema exactly.
    "no-invalid-media-type-examples": { severity: "error", allowAdditionalProperties: false },
    "no-invalid-parameter-examples": { severity: "error", allowAdditionalProperties: false },
    "operation-description": "error",
    "tag-description": "error",
    "path-parameters-defined": "error",
    "no-schema-type-mismatch": "error",
    // It looks at the templates alone; `ambiguousPaths` also at the types of their parameters.
    "no-ambiguous-paths": "off",
  },
});
const findings = await lint({ ref: "build/openapi.json", config });
for (const { ruleId, message, location } of findings) {
  const where = location.map(({ pointer }) => pointer ?? "").join(" ");
  console.error(`${where} ${message.replaceAll("\n", " ")} (${ruleId})`);
}
const ambiguous = ambiguousPaths(JSON.parse(readFileSync("build/openapi.json", "utf8")));
for (const [one, other] of ambiguous) {
  console.error(`${one} ${other} Both paths fit some address.`);
}
process.exitCode = findings.length + ambiguous.length > 0 ? 1 : 0;

// Pairs of paths that one address fits. A word does not fit a parameter that takes whole numbers, or other words.
function ambiguousPaths(document) {
  const paths = Object.entries(document.paths).map(([path, item]) => {
    const operations = Object.values(item).filter((operation) => operation.parameters);
    const parameters = operations.flatMap((operation) => operation.parameters).map((parameter) => resolved(document, parameter));
    const part = (text) => {
      const name = /^\{(.+)\}$/.exec(text)?.[1];
      if (name === undefined) return text.includes("{") ? { schema: {} } : { word: text };
      const found = parameters.find((parameter) => parameter.in === "path" && parameter.name === name);
      return { schema: resolved(document, found?.schema ?? {}) };
    };
    return { path, parts: path.split("/").slice(1).map(part) };
  });
  const pairs = paths.flatMap((one, at) => paths.slice(at + 1).map((other) => [one, other]));
  const both = ([one, other]) =>
    one.parts.length === other.parts.length && one.parts.every((part, at) => meet(part, other.parts[at])) &&
    // Where one path is the more literal one in every part it goes first (OpenAPI 3.1, 4.8.8).
    !goesFirst(one, other) && !goesFirst(other, one);
  return pairs.filter(both).map(([one, other]) => [one.path, other.path]);
}

function goesFirst(one, other) {
  return one.parts.every((part, at) => part.word !== undefined || other.parts[at].word === undefined);
}

function meet(one, other) {
  if (one.word !== undefined && other.word !== undefined) return one.word === other.word;
  if (one.word === undefined && other.word === undefined) return true;
  const word = one.word ?? other.word;
  const schema = one.schema ?? other.schema;
  return schema.type === "integer" ? /^-?\d+$/.test(word) : (words(schema)?.includes(word) ?? true);
}

function words(schema) {
  return schema.enum ?? schema.oneOf?.flatMap((one) => (one.const === undefined ? one.enum : [one.const]));
}

function resolved(document, value) {
  return value.$ref === undefined ? value : value.$ref.slice(2).split("/").reduce((at, name) => at[name], document);
}
