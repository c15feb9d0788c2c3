import { objectOf } from "../../environment/json-object";
import type { PlannedChange } from "../review/plan";
import type { AttributeChange, Shown } from "../review/model";
import { echoOf, type Echo } from "./echo/echo";
import type { ChangedOutside, LeftOut } from "./model";
import { listOf, textOf, type StateResource } from "./state-resources";

/** What AWS itself moves, by type and attribute. Whatever is not here, and no echo, is told. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ["aws_ssm_parameter.version", "it counts writes, and the value itself is compared"],
  ["aws_eks_cluster.platform_version", "AWS moves it by itself within a version of Kubernetes"],
  ["aws_eks_access_entry.modified_at", "it is the time of a change, and the change itself is compared"],
  ["aws_eks_addon.modified_at", "it is the time of a change, and the change itself is compared"],
  ["aws_network_interface.attachment", "an etcd member attaches its interface when it boots"],
]);

const EMPTY = "absent and empty are the same to AWS";
const REPEATED = "tags say it";
const LEFT_TO_OTHERS = "the code leaves it to others (ignore_changes)";

export interface Judged {
  readonly changed: readonly ChangedOutside[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Tells what was changed outside of Terraform from what only looks like it.
 *
 * @param drift of a refresh-only plan
 * @param code of the stack, `cdk.tf.json` parsed: what it sets, and what it leaves to others
 * @param resources of all stacks that were looked at
 */
export function judgeDrift(
  drift: readonly PlannedChange[],
  code: unknown,
  resources: readonly StateResource[],
): Judged {
  const changed: ChangedOutside[] = [];
  const leftOut: LeftOut[] = [];
  for (const change of drift) {
    const { address, type } = change;
    if (change.action === "delete") {
      changed.push({ address, type, change: "gone", attributes: [] });
      continue;
    }
    const judge = new Judge(change, codeOf(code, change), resources);
    const judged = change.attributes.map((attribute) => ({ attribute, reason: judge.reasonFor(attribute) }));
    const kept = judged.filter(({ reason }) => reason === undefined).map(({ attribute }) => attribute);
    const attributes = [...kept, ...judge.strangers()];
    if (attributes.length > 0) {
      changed.push({ address, type, change: "changed", attributes });
    }
    leftOut.push(...leftOutOf(address, judged));
  }
  return { changed, leftOut };
}

interface JudgedAttribute {
  readonly attribute: AttributeChange;
  readonly reason: string | undefined;
}

/** An attribute once for each reason, however many values are in it. */
function leftOutOf(address: string, judged: readonly JudgedAttribute[]): LeftOut[] {
  const found = new Map<string, LeftOut>();
  for (const { attribute, reason } of judged) {
    if (reason !== undefined) {
      const top = topOf(attribute.path);
      found.set(`${top} ${reason}`, { address, attribute: top, reason });
    }
  }
  return [...found.values()];
}

/** What the code has of a resource; nothing when it is not in the code any more. */
function codeOf(code: unknown, { address, type }: PlannedChange) {
  const ofType = objectOf(objectOf(objectOf(code).resource)[type]);
  return objectOf(ofType[address.slice(type.length + 1)]);
}

/** Judges the attributes of one resource. */
class Judge {
  private readonly echoes = new Map<string, Echo | undefined>();
  private readonly paths: ReadonlySet<string>;
  private readonly ignored: readonly string[] | "all";

  constructor(
    private readonly change: PlannedChange,
    private readonly code: Readonly<Record<string, unknown>>,
    private readonly resources: readonly StateResource[],
  ) {
    this.paths = new Set(change.attributes.map(({ path }) => path));
    const ignored = objectOf(code.lifecycle).ignore_changes;
    this.ignored = ignored === "all" ? "all" : listOf(ignored).map(textOf);
  }

  /** Why an attribute is left out; undefined when it is to be told. */
  reasonFor({ path, before, after }: AttributeChange): string | undefined {
    const attribute = topOf(path);
    if (this.ignored === "all" || this.ignored.some((ignored) => isWithin(path, ignored))) {
      return LEFT_TO_OTHERS;
    }
    const echo = this.echo(attribute);
    if (echo !== undefined) {
      return echo.reason;
    }
    if (isEmpty(before) && isEmpty(after)) {
      return EMPTY;
    }
    if (attribute === "tags_all" && this.paths.has(path.replace("tags_all", "tags"))) {
      return REPEATED;
    }
    return KNOWN.get(`${this.change.type}.${attribute}`);
  }

  /** What others have added to attributes that are echoes otherwise. */
  strangers(): AttributeChange[] {
    return [...this.echoes].flatMap(([path, echo]) =>
      (echo?.strangers ?? []).map((shown): AttributeChange => {
        const after = { kind: "value", json: JSON.stringify(shown) } as const;
        return { path, before: { kind: "absent" }, after };
      }),
    );
  }

  /** What the code sets itself is no echo. */
  private echo(attribute: string): Echo | undefined {
    if (!this.echoes.has(attribute) && !Object.hasOwn(this.code, attribute)) {
      const [before, owner] = [objectOf(this.change.before), objectOf(this.change.after)];
      const values = { owner, before: before[attribute] };
      this.echoes.set(attribute, echoOf(this.change.type, attribute, values, this.resources));
    }
    return this.echoes.get(attribute);
  }
}

/** `ingress` of `ingress[0].from_port` */
const topOf = (path: string) => /^[^.[]*/.exec(path)?.[0] ?? path;

const isWithin = (path: string, ignored: string) =>
  path === ignored || path.startsWith(`${ignored}.`) || path.startsWith(`${ignored}[`);

const isEmpty = (shown: Shown) =>
  shown.kind === "absent" || (shown.kind === "value" && ['""', "[]", "{}"].includes(shown.json));
