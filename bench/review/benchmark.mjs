// Measures the review of a plan of 2,000 changes. See ../README.md.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ExpectedError, UsageError } from "../errors.mjs";
import { planOf, SECRET } from "./plan.mjs";

const usage = `usage: npm run bench -- review [--rounds N] [--changes N]

--rounds N    how many reviews, 7 if left out
--changes N   changes of the plan, 2000 if left out`;

const folder = dirname(fileURLToPath(import.meta.url));
const fixtures = join(dirname(dirname(folder)), "test", "fixtures", "plans");
const STACK = "development-cluster-alpha";
const COMMENT_BYTES = 60_000;

export async function run(args) {
  const { rounds, changes } = parse(args);
  const temporary = mkdtempSync(join(tmpdir(), "skyline-bench-"));
  try {
    const file = join(temporary, `${STACK}.json`);
    writeFileSync(file, planOf(changes, fixtures));
    const review = () =>
      JSON.parse(
        execFileSync(process.execPath, [join(folder, "measure.js"), STACK, file, SECRET], {
          encoding: "utf8",
        }),
      );
    // The first one has the file, and our own code, read from the disk.
    check(review(), changes);
    const all = Array.from({ length: rounds }, review);
    all.forEach((one) => check(one, changes));
    print(all, statSync(file).size, changes);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function parse(args) {
  try {
    const { values } = parseArgs({
      args,
      options: { rounds: { type: "string", default: "7" }, changes: { type: "string", default: "2000" } },
    });
    const numbers = Object.entries(values).map(([name, text]) => {
      const number = Number(text);
      if (!Number.isInteger(number) || number < 1) {
        throw new Error(`--${name} wants a whole number from 1, not ${text}`);
      }
      return [name, number];
    });
    return Object.fromEntries(numbers);
  } catch (error) {
    throw new UsageError(`${error.message}\n\n${usage}`);
  }
}

/** What came out is looked at before its time is believed. */
function check({ changes, comment, leaks, meanings }, expected) {
  const wrong = [
    [changes !== expected, `it has ${changes} changes, not ${expected}`],
    [comment > COMMENT_BYTES, `the comment has ${comment} bytes`],
    [leaks > 0, `${leaks} of its outputs have a secret`],
    [meanings === 0, "it means nothing"],
  ].find(([isWrong]) => isWrong);
  if (wrong !== undefined) {
    throw new ExpectedError(`bench: the review is not what it should be: ${wrong[1]}`);
  }
}

function print(all, bytes, changes) {
  const median = (key) => all.map((one) => one[key]).sort((a, b) => a - b)[Math.floor(all.length / 2)];
  const round = (value, digits = 3) => Number(value.toFixed(digits));
  const numbers = {
    [`review_${changes}_s`]: round(median("total")),
    ...{ read_s: round(median("read")), judge_s: round(median("judge")), write_s: round(median("write")) },
    ...{ cpu_s: round(median("cpu")), peak_mb: round(median("peak"), 0), plan_mb: round(bytes / 1e6, 1) },
    ...{ changes, meanings: all[0].meanings, comment_bytes: all[0].comment },
    ...{ rounds: all.length, node: process.version, cpus: cpus().length },
  };
  console.log(`median of ${all.length}; Node.js ${process.version}, ${cpus().length} CPUs\n`);
  console.log(
    `${changes} changes, ${numbers.plan_mb} MB: ${round(median("total"))} s from the file to comment, JSON and SARIF`,
  );
  console.log(
    `of which reading ${numbers.read_s} s, judging ${numbers.judge_s} s, writing ${numbers.write_s} s\n`,
  );
  console.log(JSON.stringify(numbers));
}
