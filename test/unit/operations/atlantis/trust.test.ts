import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEnvironment } from "../../../../environment/load";
import {
  parseTrust,
  readTrust,
  showTrust,
  trustedEnvironment,
  trustFor,
} from "../../../../operations/atlantis/trust";
import { failureOf } from "../../../support/generated-repository";

const settings = {
  repository: "github.com/example/platform",
  store: "https://artefacts.example.internal/skyline",
  providers: { "registry.terraform.io/hashicorp/aws": "5.100.0" },
  dataSources: ["aws_ssm_parameter", "aws_ami", "aws_ami"],
};
const environments = ["staging", "development"].map((name) => loadEnvironment(`environments/${name}.yaml`));
const trust = trustFor(environments, settings);

const folder = mkdtempSync(join(tmpdir(), "skyline-trust-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a trust file is read back as it was made, whatever order the environments come in", () => {
  const file = join(folder, "trust.yaml");
  writeFileSync(file, showTrust(trust));
  expect(readTrust(file)).toEqual(trust);
  expect(showTrust(trustFor([...environments].reverse(), settings))).toBe(showTrust(trust));
  expect(trust.dataSources).toEqual(["aws_ami", "aws_ssm_parameter"]);
});

test("an environment has the profile of its own name, and none is for nobody", () => {
  const profiled = trustFor(environments, { ...settings, profiles: { staging: "skyline-staging" } });
  expect(trustedEnvironment(profiled, "staging").profile).toBe("skyline-staging");
  expect(trustedEnvironment(profiled, "development")).not.toHaveProperty("profile");
  expect(parseTrust(showTrust(profiled), "trust.yaml")).toEqual(profiled);
  const { message } = failureOf(() => trustFor(environments, { ...settings, profiles: { production: "p" } }));
  expect(message).toContain('a profile for "production"');
});

test("images whose parameters are kept elsewhere are trusted by what the environment's file names, and no others", () => {
  const elsewhere = loadEnvironment("environments/development.yaml");
  const own = { ...elsewhere, mesh: { ...elsewhere.mesh, consul: { ...elsewhere.mesh.consul } } };
  own.mesh.consul.image = { ssm: "/golden/gateway" } as (typeof own.mesh.consul)["image"];
  const trusted = trustFor([own], settings);
  expect(trustedEnvironment(trusted, "development").parameters).toEqual(["/golden/gateway"]);
  expect(parseTrust(showTrust(trusted), "trust.yaml")).toEqual(trusted);
  expect(trustedEnvironment(trust, "development")).not.toHaveProperty("parameters");
});

test("an environment is found by its own name alone", () => {
  expect(trustedEnvironment(trust, "staging")).toEqual({
    account: "222222222222",
    region: "us-east-1",
    deployer: "arn:aws:iam::222222222222:role/atlantis",
    backend: { bucket: "example-tfstate", region: "us-east-1" },
  });
  for (const name of ["production", "constructor", "__proto__", "", "stag\nging"]) {
    expect(failureOf(() => trustedEnvironment(trust, name))).toMatchObject({
      kind: "refused",
      message: expect.not.stringContaining("\n"),
      hint: expect.stringContaining("deploy the trust file first"),
    });
  }
});

test.each<[string, (text: string) => string, RegExp]>([
  ["no file at all", () => "", /^trust.yaml:1:1 /],
  ["no YAML", (text) => `${text}\t- x\n`, /^trust.yaml:\d+:\d+ {2}not readable as YAML/],
  [
    "a key twice",
    (text) => `${text}store: https://a.example\n`,
    /^trust.yaml:\d+:1 {2}store: is there twice; line 5/,
  ],
  [
    "another version of the file",
    (text) => text.replace("Version: 1", "Version: 2"),
    /schemaVersion: only 1 is known/,
  ],
  [
    "an unknown key",
    (text) => text.replace("dataSources", "datasource"),
    /unknown key \(did you mean dataSources\?\)/,
  ],
  [
    "a store in the clear",
    (text) => text.replace("https:", "http:"),
    /^trust.yaml:5:8 {2}store: sends code .* in the clear/,
  ],
  ["a store with a password", (text) => text.replace("https://", "https://me:secret@"), /store: has a user/],
  [
    "a provider of no host",
    (text) => text.replace("registry.terraform.io/", ""),
    /is no source of a provider/,
  ],
  ["a range of versions", (text) => text.replace("5.100.0", '"~> 5.0"'), /exact version/],
  [
    "a data source that runs programs",
    (text) => text.replace("aws_ami", "external"),
    /external runs a program/,
  ],
  [
    "an environment called __proto__",
    (text) => text.replace("  staging:", "  __proto__:"),
    /is no name of an environment/,
  ],
  [
    "an account that YAML takes for a number",
    (text) => text.replace('"222222222222"', "222222222222"),
    /in quotes/,
  ],
])("a trust file with %s is refused, with the place", (_, change, expected) => {
  const { kind, message } = failureOf(() => parseTrust(change(showTrust(trust)), "trust.yaml"));
  expect(kind).toBe("invalid");
  expect(message).toMatch(expected);
  expect(message).not.toContain("secret");
});
