// `node test/plans.mjs`, after `npm run build`, writes test/fixtures/plans/<scenario>/<stack>.json: plans of Terraform
// on the emulated AWS, from the example environment development. About ten minutes; needs what `npm run local` needs.
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterDrift, besideOne, besideTwo, both, first } from "./plans/scenarios.mjs";
import { Ids, lines, trim } from "./plans/trim.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);
const built = (path) => require(join(root, "dist", path));
const { App } = require("cdktf");
const { parse, stringify } = require("yaml");
const { loadEnvironment } = built("environment/load.js");
const { isolated } = built("operations/isolated.js");
const { prepareAccount } = built("operations/local/account.js");
const { emulatorEnvironment, startEmulator } = built("operations/local/emulator.js");
const { pythonEnvironment } = built("operations/local/python.js");
const { findTerraform, terraformEnvironment, writeTerraformSettings } = built(
  "operations/local/terraform.js",
);
const { addEnvironment } = built("stacks/environment-stacks.js");

const ENVIRONMENT = "development";
const FIXTURES = join(root, "test", "fixtures", "plans");

const folder = mkdtempSync(join(tmpdir(), "skyline-plans-"));
const output = join(folder, "cdktf.out");
const terraform = await findTerraform();
await writeTerraformSettings(join(folder, "terraform.rc"), terraform.mirror);
const { bin } = await pythonEnvironment(join(root, "tools", "python"));
const environment = write(first);
const { account, region } = environment;
const emulator = await startEmulator({ bin, account, folder, clientsOf: environment });
const env = isolated({
  ...terraformEnvironment(terraform, join(folder, "terraform.rc")),
  ...emulatorEnvironment(emulator, account, region),
});
try {
  await prepareAccount(emulator, { ...emulator, account, region }, environment, new AbortController().signal);
  const ids = new Ids();
  await apply("network");
  await Promise.all([apply("mesh"), apply("cluster-alpha")]);
  await planAll(besideOne, ids);
  write(both);
  await apply("cluster-bravo");
  await planAll(besideTwo, ids);
  changeByHand();
  await planAll(afterDrift, ids);
} finally {
  await emulator.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** Writes the file, changed, and synthesizes it. */
function write(change) {
  const file = parse(readFileSync(join(root, "environments", `${ENVIRONMENT}.yaml`), "utf8"));
  delete file.state;
  both(file);
  change(file);
  mkdirSync(join(folder, "environments"), { recursive: true });
  const path = join(folder, "environments", `${ENVIRONMENT}.yaml`);
  writeFileSync(path, stringify(file));
  const loaded = loadEnvironment(path);
  const app = new App({ outdir: output });
  addEnvironment(app, loaded);
  app.synth();
  return loaded;
}

async function apply(stack) {
  console.log(`apply ${stack}`);
  await run(stack, "init", "-input=false");
  await run(stack, "apply", "-auto-approve", "-input=false");
}

async function planAll(scenarios, ids) {
  for (const { name, stacks, write: change } of scenarios) {
    write(change);
    mkdirSync(join(FIXTURES, name), { recursive: true });
    for (const stack of stacks) {
      const started = performance.now();
      const file = join(folder, "plan");
      await run(stack, "init", "-input=false");
      await run(stack, "plan", "-input=false", "-lock=false", `-out=${file}`);
      const plan = trim(JSON.parse(await run(stack, "show", "-json", file)), ids);
      const fixture = join(FIXTURES, name, `${ENVIRONMENT}-${stack}.json`);
      writeFileSync(fixture, lines(plan));
      console.log(`plan ${name} ${stack}: ${((performance.now() - started) / 1000).toFixed(0)} s`);
    }
  }
}

/** What drift is: somebody allows fewer gateways, describes their role, and takes away their way to leave in order. */
function changeByHand() {
  const aws = (...args) => execFileSync("aws", [...args, "--output", "json"], { env, encoding: "utf8" });
  aws(
    ...["autoscaling", "update-auto-scaling-group", "--auto-scaling-group-name", `${ENVIRONMENT}-gateways`],
    ...["--max-size", "4"],
  );
  aws(
    ...["autoscaling", "delete-lifecycle-hook", "--auto-scaling-group-name", `${ENVIRONMENT}-gateways`],
    ...["--lifecycle-hook-name", "leave"],
  );
  aws("iam", "update-role", "--role-name", `${ENVIRONMENT}-gateways`, "--description", "by hand");
}

/** Runs Terraform in a stack's folder, and tells what it says. */
async function run(stack, command, ...args) {
  const cwd = join(output, "stacks", `${ENVIRONMENT}-${stack}`);
  const options = { cwd, env, maxBuffer: 256 * 1024 * 1024 };
  const all = command === "show" ? [command, ...args] : [command, "-no-color", ...args];
  const { stdout } = await promisify(execFile)(terraform.binary, all, options);
  return stdout;
}
