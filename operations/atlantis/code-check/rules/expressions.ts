import { isObject } from "../../../../environment/json-object";
import { textsOf } from "../document";
import { at, quoted, type Problem, type Subject } from "../finding";
import { readExpression, readTemplate, type Evaluated } from "../template";

/** Functions of Terraform that make a value of their arguments and of nothing else. */
const PURE: ReadonlySet<string> = new Set(
  `abs alltrue anytrue base64decode base64encode base64gzip base64sha256 base64sha512 basename ceil chomp
  chunklist cidrhost cidrnetmask cidrsubnet cidrsubnets coalesce coalescelist compact concat contains csvdecode dirname
  distinct element endswith flatten floor format formatdate formatlist indent index issensitive join
  jsondecode jsonencode keys length log lookup lower matchkeys max md5 merge min one parseint pow range regex regexall
  replace reverse rsadecrypt sensitive setintersection setproduct setsubtract setunion sha1 sha256 sha512 signum slice
  sort split startswith strcontains strrev substr sum textdecodebase64 textencodebase64 timeadd timecmp title
  tobool tolist tomap tonumber toset tostring transpose trim trimprefix trimspace trimsuffix upper urlencode
  uuidv5 values yamldecode yamlencode zipmap`.split(/\s+/),
);

const FILES = "reads files of the server, its credentials among them; put the text into the code";
const LATER = "has its value from the apply, so that nobody can review it; write the value into the code";
const ORACLE = "tells of a secret, letter by letter, whether a guess is right; write what the value is";
const REASONS: ReadonlyMap<string, string> = new Map([
  ...["file", "filebase64", "filebase64sha256", "filebase64sha512", "fileexists", "filemd5", "fileset"].map(
    (name) => [name, FILES] as const,
  ),
  ...["filesha1", "filesha256", "filesha512", "templatefile"].map((name) => [name, FILES] as const),
  ["abspath", "tells of the server's folders"],
  ["pathexpand", "tells of the server's folders"],
  ["templatestring", "evaluates text that is no code, and may call any function"],
  ["ephemeralasnull", "is for ephemeral values, which stacks do not have"],
  ["nonsensitive", "shows secrets in plans and comments"],
  ...["timestamp", "uuid", "bcrypt"].map((name) => [name, LATER] as const),
  ...["can", "try"].map((name) => [name, ORACLE] as const),
  ["plantimestamp", "differs at each plan, so that no apply would find what was reviewed"],
]);

/**
 * Expressions call functions that only compute, in values and in keys, as Terraform evaluates both. What stands in text
 * without being evaluated is of no concern.
 */
export function* expressions(subject: Subject): Generator<Problem> {
  for (const { text, where } of textsOf(subject.code, "")) {
    yield* judged(readTemplate(text), where);
  }
  for (const { value, where } of references(subject)) {
    for (const { kind, text, where: place } of textsOf(value, where)) {
      if (kind === "value") {
        yield* judged(readExpression(text), place);
      }
    }
  }
}

function* judged({ calls, unclear }: Evaluated, where: string): Generator<Problem> {
  for (const name of new Set(calls)) {
    if (!PURE.has(name)) {
      const reason = REASONS.get(name) ?? "is none of Terraform's functions that only compute";
      yield { where, message: `${quoted(name)} ${reason}` };
    }
  }
  for (const message of unclear) {
    yield { where, message };
  }
}

/** What Terraform takes for an expression with no `${` around it. */
function* references({ blocks }: Subject): Generator<{ readonly value: unknown; readonly where: string }> {
  for (const section of ["resource", "data", "output", "import", "moved", "removed"]) {
    for (const { body, where } of blocks(section)) {
      const keys = section === "resource" || section === "data" || section === "output" ? META : ADDRESSES;
      for (const key of keys.filter((each) => Object.hasOwn(body, each))) {
        yield { value: body[key], where: at(where, key) };
      }
      for (const lifecycle of [body.lifecycle].flat().filter(isObject)) {
        for (const key of LIFECYCLE.filter((each) => Object.hasOwn(lifecycle, each))) {
          yield { value: lifecycle[key], where: at(at(where, "lifecycle"), key) };
        }
      }
    }
  }
}

const META: readonly string[] = ["depends_on", "provider"];
const ADDRESSES: readonly string[] = ["to", "from"];
const LIFECYCLE: readonly string[] = ["ignore_changes", "replace_triggered_by"];
