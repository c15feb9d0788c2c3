import { readFileSync } from "node:fs";
import type { RegistryEntry } from "../../../../environment/naming";
import { parseEntry } from "../../../../operations/registry/entry";
import { activeEntry } from "../../../../operations/registry/registry";
import { roleChange } from "../../../../operations/registry/role-change";
import { developmentFile } from "../../environment/problems";

const entry: RegistryEntry = {
  ...{ name: "alpha", kind: "eks", endpoint: "https://x.example.com", ca: "QUJD", version: "1.35" },
  deployer: "arn:aws:iam::111111111111:role/atlantis",
};
const PARAMETER = "/skyline/development/clusters/alpha";

describe("an entry of the registry", () => {
  test("is what a cluster stack has published", () => {
    expect(parseEntry(PARAMETER, JSON.stringify(entry))).toEqual(entry);
  });

  test.each([
    ["no JSON", "alpha"],
    ["nothing", "null"],
    ["another name", JSON.stringify({ ...entry, name: "bravo" })],
    ["another kind", JSON.stringify({ ...entry, kind: "gke" })],
    ["an endpoint without TLS", JSON.stringify({ ...entry, endpoint: "http://x" })],
    ["an endpoint that is none", JSON.stringify({ ...entry, endpoint: "x\n- name: y" })],
    ["an authority that is none", JSON.stringify({ ...entry, ca: "no base64!" })],
    ["no version", JSON.stringify({ ...entry, version: undefined })],
  ])("with %s is refused", (_, text) => {
    expect(() => parseEntry(PARAMETER, text)).toThrow(expect.objectContaining({ kind: "refused" }));
  });

  test("of the active cluster is wanted, and must be there", () => {
    const registry = { environment: "development", clusters: [entry] };
    expect(activeEntry({ ...registry, active: "alpha" })).toBe(entry);
    expect(() => activeEntry({ ...registry, active: undefined })).toThrow(/has no active cluster/);
    expect(() => activeEntry({ ...registry, active: "zulu" })).toThrow(/names zulu, which is not/);
  });
});

describe("the change of the file that a promotion asks for", () => {
  const text = readFileSync(developmentFile, "utf8");

  test("is two roles, and nothing else", () => {
    const lines = (roleChange("environments/development.yaml", text, "bravo") ?? "").split("\n");
    expect(lines.filter((line) => /^[-+] /.test(line))).toEqual([
      "-    role: active",
      "+    role: passive",
      "-    role: passive",
      "+    role: active",
    ]);
  });

  test("is empty when the file says so already", () => {
    expect(roleChange("x", text, "alpha")).toBe("");
  });

  test("keeps a comment behind the role; a role by an alias has to be changed by hand", () => {
    const commented = text.replace("role: passive", "role: passive # until June");
    expect(roleChange("x", commented, "bravo")).toContain("+    role: active # until June");
    const aliased = text.replace("role: active", "role: &r active").replace("role: passive", "role: *r");
    expect(roleChange("x", aliased.replace("role: *r", "role: passive\n    x: *r"), "bravo")).toContain(
      "&r passive",
    );
  });
});
