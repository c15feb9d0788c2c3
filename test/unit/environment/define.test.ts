import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { checkEnvironment, defineEnvironment } from "../../../environment/define";
import { InvalidEnvironmentError } from "../../../environment/invalid";
import { loadEnvironment } from "../../../environment/load";
import type { EnvironmentInput } from "../../../environment/schema";
import { complete, fixture } from "./problems";

const input = () => parse(complete) as EnvironmentInput & Record<string, unknown>;

function linesOf(value: unknown): readonly string[] {
  try {
    defineEnvironment(value as EnvironmentInput);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidEnvironmentError);
    return (error as InvalidEnvironmentError).lines;
  }
  throw new Error("nothing was thrown");
}

test.each(["complete", "anchors"])("TypeScript gives the same object as the file %s.yaml", (name) => {
  const value = parse(readFileSync(fixture(name), "utf8"), { merge: true }) as EnvironmentInput;
  expect(defineEnvironment(value)).toStrictEqual(loadEnvironment(fixture(name)));
});

test("what an environment leaves out has its default", () => {
  const { access, mesh, clusters, ...rest } = input();
  delete rest.state;
  const addOns = clusters.bravo?.kind === "eks" ? clusters.bravo.addOns : undefined;
  const environment = defineEnvironment({
    ...rest,
    access,
    network: { cidr: "10.10.0.0/16", zones: ["us-east-1a", "us-east-1b", "us-east-1c"] },
    mesh: { consul: mesh.consul, gateways: mesh.gateways },
    clusters: {
      bravo: {
        kind: "eks",
        role: "active",
        kubernetes: "1.35",
        addOns: addOns!,
        workers: {
          general: { scaling: { fixed: 3 }, instanceTypes: ["m7i.xlarge"], image: { al2023: true } },
        },
      },
    },
  });
  expect(environment.state).toBeUndefined();
  expect(environment.network).toMatchObject({ nat: "per-zone", clients: [] });
  expect(environment.mesh).toMatchObject({
    service: { namespace: "default", port: 8080 },
    mesosServices: [],
    dial: { maxStep: 50, minHold: 60 },
  });
  expect(environment.clusters.bravo).toMatchObject({
    serviceCidr: "172.20.0.0/16",
    deletionProtection: true,
    workers: { general: { volumeGiB: 80, labels: {} } },
  });
});

test("what is wrong is named by its path, with no place in a file", () => {
  expect(linesOf({ ...input(), region: "virginia", colour: "red" })).toEqual([
    expect.stringMatching(/^region: "virginia" is no AWS region/),
    expect.stringMatching(/^colour: unknown key; known here: /),
  ]);
});

test.each([
  ["nothing", undefined, /^environment: is missing; it wants the keys environment, account/],
  ["null", null, /^environment: is empty; it wants the keys/],
  ["a list", [], /^environment: \[\] is no mapping; it wants the keys/],
])("%s is no environment", (_, value, line) => {
  expect(linesOf(value)).toEqual([expect.stringMatching(line)]);
});

test("values that only TypeScript can hold are refused as any other", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const lines = linesOf({ ...input(), account: 1n, region: circle, domain: () => 1, state: Symbol("state") });
  expect(lines.map((line) => line.split(":")[0])).toEqual(["account", "region", "domain", "state"]);
});

test("a value is checked and not changed", () => {
  const value = input();
  const before = structuredClone(value);
  expect(checkEnvironment(value).environment).toBeDefined();
  expect(value).toEqual(before);
});
