// Lints build/openapi.json with Redocly's recommended rules; prints what is wrong, one finding a line, and fails if there is any.
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
  },
});
const findings = await lint({ ref: "build/openapi.json", config });
for (const { ruleId, message, location } of findings) {
  const where = location.map(({ pointer }) => pointer ?? "").join(" ");
  console.error(`${where} ${message.replaceAll("\n", " ")} (${ruleId})`);
}
process.exitCode = findings.length > 0 ? 1 : 0;
