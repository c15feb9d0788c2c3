import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { terraformFailure } from "../../../../operations/terraform/diagnostics";
import { cleanEnvironment } from "../../../../operations/terraform/environment";
import { runTerraform, type TerraformPlace } from "../../../../operations/terraform/run";
import { waitUntil } from "../../../support/process";
import { StateServer } from "../../../support/state-server";

jest.setTimeout(300_000);

let folder: string;
let server: StateServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "skyline-lock-"));
  server = await StateServer.start();
});
afterEach(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const asMask = (text: string) => text;

const placeOf = (code: object) => {
  writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(code));
  return { binary: "terraform", folder, env: cleanEnvironment(), signal: new AbortController().signal };
};
const planned = (place: TerraformPlace) => runTerraform(place, ["plan", "-json", "-lock-timeout=0s"]);

test("given another run that holds the lock, then it is said who that is and how the lock is freed", async () => {
  const command = "touch began; while [ ! -e go ]; do sleep 0.1; done";
  const provisioner = { "local-exec": { command } };
  const place = placeOf({ resource: { terraform_data: { main: { provisioner } } } });
  expect(await runTerraform(place, ["init", "-json"])).toMatchObject({ code: 0 });
  const other = runTerraform(place, ["apply", "-json", "-auto-approve"]);
  try {
    await waitUntil("it holds the lock", async () => expect(existsSync(join(folder, "began"))).toBe(true), {
      timeoutMs: 120_000,
    });
    const held = JSON.parse(readFileSync(join(folder, ".terraform.tfstate.lock.info"), "utf8")) as {
      ID: string;
      Who: string;
    };
    const { kind, hint } = terraformFailure("terraform plan", await planned(place), asMask);
    expect(kind).toBe("conflict");
    expect(hint).toMatch(new RegExp(`^${held.Who} holds the lock since 20.* nobody runs Terraform there`));
    expect(hint).toMatch(new RegExp(`terraform init, then terraform force-unlock ${held.ID}$`));
  } finally {
    writeFileSync(join(folder, "go"), "");
    await other;
  }
});

test("of a backend that says no more than the lock's id, that id is told and nobody blamed", async () => {
  const place = placeOf({ terraform: server.backend });
  expect(await runTerraform(place, ["init", "-json"])).toMatchObject({ code: 0 });
  server.lock = JSON.stringify({ ID: "0f1e2d3c-aaaa", Who: "atlantis@here" });
  const { hint } = terraformFailure("terraform plan", await planned(place), asMask);
  expect(hint).toMatch(/^somebody holds the lock: .* terraform force-unlock 0f1e2d3c-aaaa$/);
});

test("an id of a lock that would be more than a word is not put into a command", () => {
  const diagnostic = {
    severity: "error",
    summary: "Error acquiring the state lock",
    detail: "Lock Info:\n  ID:        a; rm -rf ~\n  Who:       mallory\u001b[2J\n",
  };
  const end = { code: 1, stdout: JSON.stringify({ diagnostic }), stderr: "" };
  const { hint = "" } = terraformFailure("terraform plan", end, asMask);
  expect(hint).toMatch(/^mallory/);
  expect(hint).toMatch(/force-unlock ID$/);
  expect(hint).not.toContain("\u001b");
});

test("other errors say nothing of locks", () => {
  const diagnostic = { severity: "error", summary: "no", detail: "ID: a" };
  const end = { code: 1, stdout: JSON.stringify({ diagnostic }), stderr: "" };
  expect(terraformFailure("terraform plan", end, asMask).hint).toBeUndefined();
});
