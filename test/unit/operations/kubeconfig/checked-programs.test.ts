import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { checkTokenSource } from "../../../../operations/kubeconfig/credentials";

let folder: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skyline-checked-"));
  mkdirSync(join(folder, "bin"));
  const path = [join(folder, "nothing"), join(folder, "bin"), process.env.PATH].join(delimiter);
  env = { ...process.env, PATH: path, SKYLINE_CACHE: join(folder, "cache") };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const check = () => checkTokenSource("aws", undefined, env);

/** An AWS CLI that notes each of its runs. */
function install(version: string): void {
  const path = join(folder, "bin", "aws");
  writeFileSync(path, `#!/bin/sh\necho run >> ${folder}/runs\necho aws-cli/${version} Python/3.11\n`);
  chmodSync(path, 0o755);
}

const runs = () => readFileSync(join(folder, "runs"), "utf8").trim().split("\n").length;

test("a program that will do is asked for its version once", async () => {
  install("2.15.0");
  await check();
  await check();
  expect(runs()).toBe(1);
});

test("another version, and the same one changed, is asked anew", async () => {
  install("2.15.0");
  await check();
  install("2.15.11");
  await check();
  utimesSync(join(folder, "bin", "aws"), 1, 1);
  await check();
  expect(runs()).toBe(3);
  install("2.0.1");
  await expect(check()).rejects.toMatchObject({ kind: "refused" });
});

test("one that is too old is refused each time", async () => {
  install("2.0.1");
  await expect(check()).rejects.toMatchObject({ kind: "refused" });
  await expect(check()).rejects.toMatchObject({ kind: "refused" });
  expect(runs()).toBe(2);
});

test("given a cache that cannot be written, then it is asked each time", async () => {
  writeFileSync(join(folder, "cache"), "a file");
  install("2.15.0");
  await check();
  await check();
  expect(runs()).toBe(2);
});
