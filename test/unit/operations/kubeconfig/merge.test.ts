import fc from "fast-check";
import { parse } from "yaml";
import type { RegistryEntry } from "../../../../environment/naming";
import { parseKubeconfig } from "../../../../operations/kubeconfig/document";
import { entriesOf } from "../../../../operations/kubeconfig/entries";
import { merge, type Wanted } from "../../../../operations/kubeconfig/merge";
import { seed } from "../../../support/property";
import { jsonKubeconfig, kubeconfig } from "./generated";

jest.setTimeout(120_000);

const entry = (name: string, ca = "QUJD"): RegistryEntry => ({
  ...{ name, kind: "eks", endpoint: `https://${name}.example.com`, ca, version: "1.35" },
  deployer: "arn:aws:iam::111111111111:role/atlantis",
});

/** An environment with these clusters; the first is the active one. */
function environment(name: string, ...clusters: RegistryEntry[]): Wanted {
  const registry = { environment: name, active: clusters[0]?.name, clusters };
  return {
    entries: entriesOf({ registry, region: "us-east-1", credentials: { source: "aws" } }),
    goes: (marker) => marker.environment === name,
    fallback: () => name,
  };
}

const development = environment("development", entry("alpha"), entry("bravo"));
const nothing: Wanted = { entries: [], goes: () => true, fallback: () => "" };
const run = (text: string, wanted: Wanted) => merge(text, wanted, "config");

describe("500 generated kubeconfigs", () => {
  const any = fc.oneof({ weight: 9, arbitrary: kubeconfig }, { weight: 1, arbitrary: jsonKubeconfig });

  test("what is not ours stays byte for byte, through an addition, a cutover and a removal", () => {
    let whole = 0;
    fc.assert(
      fc.property(any, ({ text, whole: full }) => {
        const added = run(text, development);
        expect(run(added.text, development).text).toBe(added.text);
        const moved = run(added.text, environment("development", entry("charlie", "REVG"), entry("alpha")));
        const contexts = parseKubeconfig(moved.text, "config")
          .items.contexts.filter(({ marker }) => marker !== undefined)
          .map(({ name }) => name);
        expect(contexts.sort()).toEqual(["development", "development-alpha", "development-charlie"]);
        for (const result of [added.text, moved.text]) {
          expect(isWithin(text.replace(EMPTY, "$1"), result)).toBe(true);
        }
        if (full) {
          whole++;
          const removed = run(moved.text, nothing).text;
          // A last line without a line break gets one when something follows it.
          expect([text, `${text}\n`, `${text}\r\n`]).toContain(removed);
        }
      }),
      { numRuns: 500, seed },
    );
    expect(whole).toBeGreaterThan(150);
  });
});

/** A list that is written as empty is not so any more once something has come into it. */
const EMPTY = /^(\ufeff?(clusters|contexts|users):) (\[\]|null|~)/gm;

/** Whether a text is another one with nothing but insertions. */
function isWithin(text: string, longer: string): boolean {
  let at = 0;
  for (const character of longer) {
    if (text.startsWith(character, at)) at += character.length;
  }
  return at === text.length;
}

test("a new file is one that says all, in kubectl's own layout", () => {
  const { text, changes } = run("", { ...development, currentContext: "development" });
  expect(text).toMatch(/^apiVersion: v1\nkind: Config\nclusters:\n- name: development-alpha\n/);
  expect(parse(text)).toMatchObject({
    "current-context": "development",
    contexts: [
      { name: "development", context: { cluster: "development-alpha", user: "development-alpha" } },
      { name: "development-alpha" },
      { name: "development-bravo" },
    ],
  });
  expect(changes).toHaveLength(7);
});

test("a file of comments keeps them", () => {
  const { text } = run("# mine\n", development);
  expect(text).toMatch(/^# mine\napiVersion: v1\n/);
});

test("the current context changes when it was one of ours that goes, and not otherwise", () => {
  const before = run("", { ...development, currentContext: "development-bravo" }).text;
  const alphaAlone = environment("development", entry("alpha"));
  expect(run(before, alphaAlone).currentContext.after).toBe("development");
  expect(run("current-context: mine\n", development).text).toContain("current-context: mine\n");
  expect(run("current-context: ''\n", { ...development, currentContext: "development" }).text).toContain(
    "current-context: development\n",
  );
});

test("a namespace and a proxy that somebody has set on entries of ours stay", () => {
  const before = run("", development)
    .text.replace(
      "  context:\n    cluster: development-alpha",
      "  context:\n    namespace: team\n    cluster: development-alpha",
    )
    .replace("  cluster:\n", "  cluster:\n    proxy-url: http://proxy\n");
  const [proxied] = parse(before).clusters;
  expect(proxied.cluster).toMatchObject({ "proxy-url": "http://proxy" });
  const after = parse(
    run(before, environment("development", entry("bravo", "REVG"), entry("alpha", "REVG"))).text,
  );
  expect(after.contexts[0].context).toMatchObject({ namespace: "team", cluster: "development-bravo" });
  const cluster = after.clusters.find(({ name }: { name: string }) => name === proxied.name);
  expect(cluster.cluster).toMatchObject({
    "proxy-url": "http://proxy",
    "certificate-authority-data": "REVG",
  });
});

test("what kubectl adds when it writes a file anew is no difference", () => {
  const { text } = run("", development);
  const rewritten = text.replaceAll("    exec:\n", "    exec:\n      env: null\n");
  expect(rewritten).not.toBe(text);
  expect(run(rewritten, development).text).toBe(rewritten);
});

test("an entry of ours of an older kind is written anew: v1alpha1 is read by no kubectl", () => {
  const old = run("", development).text.replaceAll("/v1beta1", "/v1alpha1");
  expect(run(old, development).text).toBe(run("", development).text);
});

test("an entry of ours that is there twice is there once", () => {
  const { text } = run("", development);
  const [, clusters = ""] = /clusters:\n([\s\S]*?)contexts:/.exec(text) ?? [];
  const twice = text.replace("clusters:\n", `clusters:\n${clusters}`);
  expect(run(twice, development).text).toBe(text);
});

test("other environments' entries stay", () => {
  const both = run(run("", development).text, environment("staging", entry("alpha"))).text;
  const { text } = run(both, { ...nothing, goes: ({ environment: of }) => of === "development" });
  expect(parseKubeconfig(text, "config").items.contexts.map(({ name }) => name)).toEqual([
    "staging",
    "staging-alpha",
  ]);
});

test("an entry of ours whose anchor somebody uses is not replaced under them", () => {
  const text = run("", development)
    .text.replace("server: https://alpha.example.com", "server: &mine https://alpha.example.com")
    .concat("x-uses: *mine\n");
  const other = environment("development", { ...entry("alpha"), endpoint: "https://new.example.com" });
  expect(() => run(text, other)).toThrow(/cannot be changed without touching/);
});

describe("refused, with the file as it was", () => {
  test.each([
    ["a tab", "clusters:\n\t- name: a\n", "config:2:1"],
    ["a bracket that is open", "apiVersion: v1\nclusters: [\n", "config:3:1"],
    ["a key that is there twice", "clusters: []\nclusters: []\n", "config:2:1"],
    ["no mapping", "just text\n", "config:1:1"],
    ["a list that is none", "kind: Config\ncontexts: {a: b}\n", "config:2:11"],
    ["a list by an alias", "x: &x []\nclusters: *x\n", "config:2:11"],
    ["half an entry", "clusters:\n- name: a\n  cluster: {server: 'x\n", "config:4:1"],
  ])("%s", (_, text, place) => {
    expect(() => run(text, development)).toThrow(
      expect.objectContaining({ kind: "invalid", message: expect.stringMatching(new RegExp(`^${place}  `)) }),
    );
  });

  test("a name of ours that is somebody else's", () => {
    expect(() => run("contexts:\n- name: development\n  context: {cluster: x}\n", development)).toThrow(
      expect.objectContaining({ kind: "refused", message: expect.stringContaining("context development") }),
    );
  });

  test("two documents", () => {
    expect(() => run("clusters: []\n---\nclusters: []\n", development)).toThrow(
      expect.objectContaining({ kind: "invalid", message: expect.stringMatching(/^config:\d+:\d+ /) }),
    );
  });
});
