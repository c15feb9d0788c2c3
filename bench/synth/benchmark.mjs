// Measures the synth of 1, 10 and 50 clusters, and beside it the same clusters in two peers. See ../README.md.
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { installPeers, versionOf } from "../peers.mjs";
import { ExpectedError, UsageError } from "../errors.mjs";
import { runSubject } from "./process.mjs";
import { reach, round, summarize, table } from "./report.mjs";

const usage = `usage: npm run bench -- synth [--repetitions N]

--repetitions N   how often each subject runs, 5 if left out`;

/** In the order in which they run: a subject never runs twice in a row, so that a slow minute meets all of them. */
const CASES = [
  { subject: "skyline", clusters: 10 },
  { subject: "aws-eks-v2", clusters: 10 },
  { subject: "eks-blueprints", clusters: 10 },
  { subject: "skyline", clusters: 1 },
  { subject: "aws-eks-v2-unchecked", clusters: 10 },
  { subject: "eks-blueprints-v2", clusters: 10 },
  { subject: "skyline", clusters: 50 },
];
/** In the table those of Skyline come first. */
const ORDER = ["skyline", "aws-eks-v2", "aws-eks-v2-unchecked", "eks-blueprints", "eks-blueprints-v2"];

export async function run(args) {
  const repetitions = parse(args);
  if (!existsSync(new URL("../../dist/main.js", import.meta.url))) {
    throw new ExpectedError("bench: dist/ has no build of Skyline; run npm run build");
  }
  installPeers();

  const rows = CASES.map((each) => ({ ...each, runs: [] }));
  // The first round brings all files into the page cache and does not count.
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    console.error(
      repetition === 0 ? "bench: warming up …" : `bench: round ${repetition} of ${repetitions} …`,
    );
    for (const row of rows) {
      const measured = await runSubject(row.subject, row.clusters);
      if (measured.providerRoots > 0) {
        throw new ExpectedError(`bench: ${row.subject} loads the root of a provider: seconds and 500 MB`);
      }
      if (repetition > 0) row.runs.push(measured);
    }
  }
  const results = rows
    .map(({ runs, ...row }) => ({ ...row, ...summarize(runs) }))
    .sort((a, b) => ORDER.indexOf(a.subject) - ORDER.indexOf(b.subject) || a.clusters - b.clusters);
  print(results, repetitions);
}

function parse(args) {
  try {
    const { values } = parseArgs({ args, options: { repetitions: { type: "string", default: "5" } } });
    const repetitions = Number(values.repetitions);
    if (!Number.isInteger(repetitions) || repetitions < 1) {
      throw new Error(`--repetitions wants a whole number from 1, not ${values.repetitions}`);
    }
    return repetitions;
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`);
  }
}

function print(results, repetitions) {
  const versions = {
    aws_cdk_lib: versionOf("aws-cdk-lib-newest"),
    eks_blueprints: versionOf("@aws-quickstart/eks-blueprints"),
    aws_cdk_lib_of_eks_blueprints: versionOf("aws-cdk-lib"),
  };
  const numbers = inNumbers(results, { repetitions, node: process.version, cpus: cpus().length, versions });

  console.log(`median of ${repetitions} (smallest); Node.js ${process.version}, ${cpus().length} CPUs`);
  console.log(
    `aws-eks-v2 of aws-cdk-lib ${versions.aws_cdk_lib}; EKS Blueprints ${versions.eks_blueprints} ` +
      `on aws-cdk-lib ${versions.aws_cdk_lib_of_eks_blueprints}\n`,
  );
  console.log(`${table(results)}\n`);
  console.log(`${reach(numbers)}\n`);
  // With a core to itself a subject takes less time than its threads together.
  const slowed = results.filter(({ wall, cpu }) => wall.median > cpu.median);
  if (slowed.length > 0) {
    const names = slowed.map(({ subject, clusters }) => `${subject} ${clusters}`).join(", ");
    console.log(`The machine was busy with something else (${names}); measure again.\n`);
  }
  console.log(JSON.stringify(numbers));
}

function inNumbers(results, circumstances) {
  const of = (subject, clusters) =>
    results.find((result) => result.subject === subject && result.clusters === clusters);
  const seconds = (...which) => of(...which).wall.median;
  const ten = seconds("skyline", 10);
  const against = (peer) => round(seconds(peer, 10) / ten);
  return {
    one_s: round(seconds("skyline", 1)),
    ten_s: round(ten),
    ten_mb: round(of("skyline", 10).megabytes.median),
    fifty_s: round(seconds("skyline", 50)),
    fifty_mb: round(of("skyline", 50).megabytes.median),
    fifty_over_ten: round(seconds("skyline", 50) / ten),
    vs_aws_eks_v2: against("aws-eks-v2"),
    vs_aws_eks_v2_unchecked: against("aws-eks-v2-unchecked"),
    vs_eks_blueprints: against("eks-blueprints"),
    vs_eks_blueprints_v2: against("eks-blueprints-v2"),
    ...circumstances,
  };
}
