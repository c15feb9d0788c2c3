import { execFileSync } from "node:child_process";
import { renderController } from "../../../../../constructs/cluster/self-managed/bootstrap/controller";
import { renderEtcdMember } from "../../../../../constructs/cluster/self-managed/bootstrap/etcd-member";
import { environmentFile, flagsFile } from "../../../../../environment/node-file";
import { userDataScript } from "../../../../../constructs/cluster/self-managed/bootstrap/user-data-script";
import { renderWorker } from "../../../../../constructs/cluster/self-managed/bootstrap/worker";
import { runUserData, variablesOf } from "../../../../support/user-data";
import { controller, member, worker } from "./fixture";

const scripts: [string, string][] = [
  ["etcd member", renderEtcdMember({ ...member, members: 5 })],
  ["controller", renderController({ ...controller, etcdMembers: 5 })],
  ["worker", renderWorker(worker)],
];

describe.each(scripts)("user data of the %s", (_name, script) => {
  test("is a script that bash takes", () => {
    expect(script.split("\n").slice(0, 2)).toEqual(["#!/bin/bash", "set -euo pipefail"]);
    execFileSync("bash", ["-n"], { input: script });
  });

  test("leaves Terraform nothing to read as its own, and room for the values of its places", () => {
    expect(script).not.toMatch(/[$%]\{/);
    expect(Buffer.byteLength(script)).toBeLessThan(13 * 1024);
  });

  test("holds no key and no password", () => {
    expect(script).not.toMatch(/PRIVATE KEY|password|client-key-data|(?<!cluster-)token:/i);
  });
});

const file = (path: string, content: string) =>
  userDataScript({ role: "etcd", node: { A: "b" }, files: [{ path, content }] });

test("any text comes out as it went in", () => {
  const content = "a 'quoted' \"text\" with $variables, `commands`, \\backslashes\\ and\ttabs\n\nend\n";
  expect(runUserData(file("/etc/etcd/any", content)).files["/etc/etcd/any"]?.content).toBe(content);
});

test.each([
  ["what Terraform would read as its own", "${a}\n", '/etc/etcd/x holds "${" or "%{"'],
  ["what Terraform would read as its own", "%{if}\n", '/etc/etcd/x holds "${" or "%{"'],
  ["a last line without its end", "text", "/etc/etcd/x does not end with a new line"],
  ["what would end the file early", "a\nEND_OF_FILE\nb\n", "or has a line END_OF_FILE"],
  ["more than EC2 takes", `${"x".repeat(17_000)}\n`, /role etcd has \d+ bytes; EC2 takes 16384, 0 of them/],
  ["more than leaves room for values", `@@A@@${"x".repeat(14_000)}\n`, /EC2 takes 16384, 3072 of them/],
])("%s is refused", (_name, content, message) => {
  expect(() => file("/etc/etcd/x", content)).toThrow(message);
});

test("a folder that the image does not have is refused", () => {
  expect(() => file("/etc/elsewhere/x", "text\n")).toThrow("images of etcd have no directory /etc/elsewhere");
});

test("a role without a target is refused", () => {
  expect(() => userDataScript({ role: "eks-worker", node: { A: "b" }, files: [] })).toThrow(
    "images of eks-worker have no target of their own",
  );
});

test("values of an environment file come back as they were written, or are refused", () => {
  const variables = { A: "one two", B: "a:b/c=d,e", C: "" };
  expect(variablesOf(environmentFile(variables))).toEqual(variables);
  for (const value of ['"', "\\", "$HOME", "`id`", "a\nb"]) {
    expect(() => environmentFile({ A: value })).toThrow("A cannot hold");
  }
});

test("a flag that systemd would split is refused", () => {
  expect(() => flagsFile({ name: "two words" })).toThrow('"--name=two words" has a blank');
});
