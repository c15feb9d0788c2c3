import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import { isolated } from "../../operations/isolated";
import { pythonEnvironment } from "../../operations/local/python";

/** A check that a resource failed. */
export interface Finding {
  /** Id of the check: `CKV_AWS_338`. */
  readonly check: string;
  readonly name: string;
  /** Stack whose plan it is. */
  readonly stack: string;
  /** Address in that plan. */
  readonly resource: string;
}

/** A finding that people have looked at. */
export interface Skip {
  readonly check: string;
  /** Start of the addresses that it holds for; the type of the resource at least. */
  readonly resource: string;
  readonly reason: string;
}

export interface Report {
  readonly passed: number;
  readonly failed: readonly Finding[];
}

interface Output {
  readonly summary: { readonly passed: number; readonly parsing_errors: number };
  readonly results: {
    readonly failed_checks: readonly { check_id: string; check_name: string; resource: string }[];
  };
}

const PINS = join(__dirname, "..", "..", "tools", "python", "checkov");

/** Runs checkov over one stack's plan, a file as `terraform show -json` prints it. */
export async function checkov(stack: string, plan: string): Promise<Report> {
  const { bin } = await pythonEnvironment(PINS);
  const args = ["-f", plan, "--framework", "terraform_plan", "--soft-fail", "-o", "json", "--quiet"];
  // Its own console asks the network for guidelines and policies, which these checks need nothing of.
  const env = isolated({ HOME: "/nonexistent", PATH: process.env.PATH ?? "", LOG_LEVEL: "ERROR" });
  const { stdout } = await promisify(execFile)(join(bin, "checkov"), [...args, "--skip-download"], {
    env,
    maxBuffer: 256 * 1024 * 1024,
  });
  const output = JSON.parse(stdout) as Output;
  if (output.summary.parsing_errors > 0) {
    throw new Error(`checkov could not read the plan of ${stack}`);
  }
  const failed = output.results.failed_checks.map(({ check_id: check, check_name: name, resource }) => ({
    check,
    name,
    stack,
    resource,
  }));
  return { passed: output.summary.passed, failed };
}

/** The reviewed list: every entry with a reason, for one check or several, of one start of an address or several. */
export function reviewedSkips(): Skip[] {
  const entries = parse(readFileSync(join(PINS, "reviewed.yaml"), "utf8")) as {
    checks: string[];
    resources: string[];
    reason: string;
  }[];
  return entries.flatMap(({ checks, resources, reason }) =>
    checks.flatMap((check) => resources.map((resource) => ({ check, resource, reason }))),
  );
}

/** Findings that nobody has looked at, and entries that no finding needs any more. */
export function hold(findings: readonly Finding[], skips: readonly Skip[]) {
  const explains = (skip: Skip, finding: Finding) =>
    skip.check === finding.check && finding.resource.startsWith(skip.resource);
  return {
    unreviewed: findings.filter((finding) => !skips.some((skip) => explains(skip, finding))),
    unused: skips.filter((skip) => !findings.some((finding) => explains(skip, finding))),
  };
}
