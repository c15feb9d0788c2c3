import { isObject } from "../../environment/json-object";
import { OperationFailure } from "../failure";
import { visible } from "../review/markdown/escape";
import type { TerraformEnd } from "./run";

/** An error as `terraform … -json` prints it; what it says is of Terraform, a provider or AWS. */
export interface Diagnostic {
  readonly summary: string;
  readonly detail: string;
  /** Address of the resource or data source; null when it is about the code. */
  readonly address: string | null;
  /** What the expression in question refers to, `data.terraform_remote_state.x.outputs`. */
  readonly traversals: readonly string[];
}

/** The errors among the lines that `-json` has printed; what is no JSON is passed over. */
export function errorsOf(stdout: string): Diagnostic[] {
  return stdout.split("\n").flatMap((line) => {
    const diagnostic = eventOf(line)?.diagnostic;
    return isObject(diagnostic) && diagnostic.severity === "error" ? [diagnosticOf(diagnostic)] : [];
  });
}

/** A line of `-json` as an object; undefined when it is none. */
export function eventOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith("{")) {
    return undefined;
  }
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function diagnosticOf({ summary, detail, address, snippet }: Record<string, unknown>): Diagnostic {
  const values = isObject(snippet) && Array.isArray(snippet.values) ? snippet.values : [];
  return {
    summary: textOf(summary),
    detail: textOf(detail),
    address: typeof address === "string" ? address : null,
    traversals: values.map((value) => (isObject(value) ? textOf(value.traversal) : "")),
  };
}

const textOf = (value: unknown) => (typeof value === "string" ? value : "");

/** Errors told at most: one cause often has hundreds of resources that fail for it. */
const MOST_ERRORS = 20;

/** Lines of what a program said that printed no diagnostic. */
const MOST_LINES = 20;

/**
 * Terraform's errors as the end of a command: conflict, when somebody else is or was at the state; else verification. Of
 * a diagnostic only the texts and the address are told, never the code around it nor the values in it. A lock that is in
 * the way has a hint.
 *
 * @param what `terraform plan of development-mesh`
 * @param mask takes out what nobody may see: a provider's error may quote a value
 */
export function terraformFailure(
  what: string,
  { code, stdout, stderr }: TerraformEnd,
  mask: (text: string) => string,
): OperationFailure {
  const errors = errorsOf(stdout);
  const told = errors.slice(0, MOST_ERRORS).map(showDiagnostic);
  if (errors.length > MOST_ERRORS) {
    told.push(`… and ${errors.length - MOST_ERRORS} more errors`);
  }
  if (told.length === 0) {
    told.push(...stderr.trim().split("\n").slice(-MOST_LINES));
  }
  const kind = errors.length > 0 && errors.every(isConflict) ? "conflict" : "verification";
  const lines = mask(told.join("\n")).split("\n").map(visible);
  const hint = errors.map(lockHint).find((found) => found !== undefined);
  return new OperationFailure(kind, [`${what} ended with ${code}:`, ...lines].join("\n"), hint);
}

/** `aws_vpc.main: creating EC2 VPC: …`, with its detail in the lines below. */
function showDiagnostic({ summary, detail, address }: Diagnostic): string {
  const first = address === null ? summary : `${address}: ${summary}`;
  return detail === "" ? first : `${first}\n  ${detail.trim().replace(/\n/g, "\n  ")}`;
}

const LOCKED = "Error acquiring the state lock";
const STILL_LOCKED = "Error releasing the state lock";

/** What Terraform says when somebody else is at the state, or has been since the plan. */
const CONFLICTS = new Set([LOCKED, "Saved plan is stale"]);

/** Who has a lock and how it is freed, of what Terraform says about it; undefined when it says nothing of a lock. */
function lockHint({ summary, detail }: Diagnostic): string | undefined {
  if (summary !== LOCKED && summary !== STILL_LOCKED) {
    return undefined;
  }
  const said = (name: string) => visible(new RegExp(`^ *${name}: +(.*\\S)`, "m").exec(detail)?.[1] ?? "");
  // The backend http tells its own request in the holder's place, and of the holder the id alone.
  const other = /already locked: ID=(\S+)/.exec(detail)?.[1];
  const [id, who, created] =
    other === undefined ? [said("ID"), said("Who"), said("Created")] : [other, "", ""];
  const holder = who === "" ? "somebody" : who;
  const since = created === "" ? "" : ` since ${created}`;
  // It becomes a word of a command, and whoever may lock has written it.
  const word = /^[0-9A-Za-z][\w-]*$/.test(id) ? id : "ID";
  return (
    `${holder} holds the lock${since}: it is free when that run ends. If you have looked that nobody runs Terraform there, ` +
    `go to a folder with the stack's code: terraform init, then terraform force-unlock ${word}`
  );
}

const isConflict = ({ summary }: Diagnostic) => CONFLICTS.has(summary);
