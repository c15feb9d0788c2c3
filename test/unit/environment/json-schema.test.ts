import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentJsonSchema } from "../../../environment/json-schema";
import { developmentFile } from "./problems";

test("environments/schema.json is fresh: skyline env schema > environments/schema.json", () => {
  const committed = readFileSync(join(dirname(developmentFile), "schema.json"), "utf8");
  expect(committed).toBe(`${JSON.stringify(environmentJsonSchema(), undefined, 2)}\n`);
});

test("editors learn of every key, of what is required, and that there are no others", () => {
  const schema = environmentJsonSchema() as { properties: Record<string, object>; required: string[] };
  expect(schema).toMatchObject({ title: "Skyline environment", type: "object", additionalProperties: false });
  expect(schema.required).toEqual([
    "environment",
    "account",
    "region",
    "domain",
    "access",
    "network",
    "mesh",
    "clusters",
  ]);
  // What has a default may be left out.
  expect(schema.properties.network).toMatchObject({
    required: ["cidr", "zones"],
    additionalProperties: false,
  });
  expect(schema.properties.clusters).toMatchObject({
    propertyNames: { pattern: "^[a-z]([-a-z0-9]{0,18}[a-z0-9])?$" },
  });
});
