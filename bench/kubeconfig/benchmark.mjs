// Measures a refresh of 6 clusters, and beside it 6 runs of the AWS CLI. See ../README.md.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ExpectedError, UsageError } from "../errors.mjs";

const usage = `usage: npm run bench -- kubeconfig [--rounds N]

--rounds N   how often each side runs, 7 if left out`;

const require = createRequire(import.meta.url);
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const cli = join(root, "dist", "cli", "skyline.js");
const CLUSTERS = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"];
const ENVIRONMENT = "bench";
const ACCOUNT = "111111111111";
const REGION = "us-east-1";

export async function run(args) {
  const rounds = parse(args);
  const { pythonEnvironment } = require("../../dist/operations/local/python.js");
  const { emulatorEnvironment, startEmulator } = require("../../dist/operations/local/emulator.js");
  const { isolated } = require("../../dist/operations/isolated.js");
  const folder = mkdtempSync(join(tmpdir(), "skyline-bench-"));
  const { bin } = await pythonEnvironment(join(root, "tools", "python"));
  const emulator = await startEmulator({ bin, account: ACCOUNT, folder });
  try {
    const env = isolated({ ...emulatorEnvironment(emulator, ACCOUNT, REGION), HOME: folder });
    publish(env);
    const sides = {
      skyline: (file) => [
        ...[process.execPath, cli, "kubeconfig", "--refresh", "--env", ENVIRONMENT, "--region", REGION],
        ...["--directory", folder, "--kubeconfig", file],
      ],
      startup: () => [process.execPath, cli, "kubeconfig", "--help"],
      node: () => [process.execPath, "-e", "0"],
    };
    const times = { skyline: [], aws: [], startup: [], node: [] };
    const checked = {};
    for (let round = 0; round <= rounds; round++) {
      console.error(round === 0 ? "bench: warming up …" : `bench: round ${round} of ${rounds} …`);
      const [ours, theirs] = [join(folder, `skyline-${round}`), join(folder, `aws-${round}`)];
      const measured = {
        skyline: timed(sides.skyline(ours), env),
        aws: CLUSTERS.reduce((sum, name) => sum + timed(update(name, theirs), env), 0),
        startup: timed(sides.startup(), env),
        node: timed(sides.node(), env),
      };
      Object.assign(checked, { skyline: contexts(ours, env), aws_cli: contexts(theirs, env) });
      if (checked.skyline !== CLUSTERS.length + 1 || checked.aws_cli !== CLUSTERS.length) {
        throw new ExpectedError(`bench: a file has not what it should: ${JSON.stringify(checked)}`);
      }
      // The first round brings all files into the page cache and does not count.
      if (round > 0) Object.entries(measured).forEach(([side, seconds]) => times[side].push(seconds));
    }
    print(times, rounds, checked, env);
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function parse(args) {
  try {
    const { values } = parseArgs({ args, options: { rounds: { type: "string", default: "7" } } });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1) {
      throw new Error(`--rounds wants a whole number from 1, not ${values.rounds}`);
    }
    return rounds;
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`);
  }
}

/** Six EKS clusters, and their registry. */
function publish(env) {
  const aws = (...args) => execFileSync("aws", args, { env, encoding: "utf8" });
  const put = (name, value) =>
    aws("ssm", "put-parameter", "--type", "String", "--name", name, "--value", value);
  for (const name of CLUSTERS) {
    const created = aws(
      ...["eks", "create-cluster", "--name", `${ENVIRONMENT}-${name}`, "--output", "json"],
      ...["--role-arn", `arn:aws:iam::${ACCOUNT}:role/x`, "--resources-vpc-config", "subnetIds=subnet-1"],
    );
    const { endpoint, certificateAuthority } = JSON.parse(created).cluster;
    const entry = {
      ...{ name, kind: "eks", version: "1.35", deployer: `arn:aws:iam::${ACCOUNT}:role/atlantis` },
      ...{ endpoint: endpoint.replace(/^http:/, "https:"), ca: certificateAuthority?.data || "QUJD" },
    };
    put(`/skyline/${ENVIRONMENT}/clusters/${name}`, JSON.stringify(entry));
  }
  put(`/skyline/${ENVIRONMENT}/active`, CLUSTERS[0]);
}

const update = (name, file) => [
  ...["aws", "eks", "update-kubeconfig", "--name", `${ENVIRONMENT}-${name}`, "--kubeconfig", file],
];

/** Seconds of a process, start to exit. */
function timed([command, ...args], env) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { env, encoding: "utf8" });
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) {
    throw new ExpectedError(`bench: ${command} ${args.join(" ")} ended with ${status}:\n${stderr}`);
  }
  return seconds;
}

function contexts(file, env) {
  const args = ["--kubeconfig", file, "config", "get-contexts", "-o", "name"];
  return execFileSync("kubectl", args, { env, encoding: "utf8" }).trim().split("\n").length;
}

function print(times, rounds, checked, env) {
  const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
  const round = (value, digits = 2) => Number(value.toFixed(digits));
  const numbers = {
    vs_aws_cli: round(median(times.aws) / median(times.skyline)),
    startup_ms: round(median(times.startup) * 1000, 0),
    node_ms: round(median(times.node) * 1000, 0),
    skyline_s: round(median(times.skyline), 3),
    aws_cli_s: round(median(times.aws), 3),
    checked,
    clusters: CLUSTERS.length,
    rounds,
    node: process.version,
    cpus: cpus().length,
    aws_cli: execFileSync("aws", ["--version"], { env, encoding: "utf8" }).split(" ")[0],
  };
  const { vs_aws_cli, startup_ms, skyline_s, aws_cli_s } = numbers;
  console.log(`median of ${rounds}; Node.js ${process.version}, ${cpus().length} CPUs, ${numbers.aws_cli}\n`);
  console.log(`skyline kubeconfig --refresh of ${CLUSTERS.length} clusters: ${skyline_s} s`);
  console.log(
    `${CLUSTERS.length} runs of aws eks update-kubeconfig: ${aws_cli_s} s, ${vs_aws_cli} times as long`,
  );
  console.log(`start-up: ${startup_ms} ms, of which Node.js itself ${numbers.node_ms} ms\n`);
  console.log(JSON.stringify(numbers));
}
