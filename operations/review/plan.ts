import { isObject } from "../../environment/json-object";
import { childOf, isAbsent, masked, type Masked } from "./masked";
import { PlanJson, type Fields } from "./plan-json";
import { hiding, type Hide } from "./secrets";
import { readChange, readOutput, type PlannedChange, type PlannedOutput } from "./planned-change";

export type { PlannedChange, PlannedOutput } from "./planned-change";

/** A plan of one stack, as anybody may see it: what is sensitive is not in it. */
export interface Plan {
  /** What changes, in the plan's order. */
  readonly changes: readonly PlannedChange[];
  /** Resources that stay as they are. */
  readonly unchanged: readonly PlannedChange[];
  /** What was changed outside of Terraform since the last apply, and what AWS has added to what was made. */
  readonly drift: readonly PlannedChange[];
  readonly outputs: ReadonlyMap<string, PlannedOutput>;
  /** Outputs of other stacks that this one has read, by the stack's name. */
  readonly otherStacks: ReadonlyMap<string, Masked>;
  /** Attributes that the code writes, by address without keys: AWS or other resources have said all else. */
  readonly written: ReadonlyMap<string, ReadonlySet<string>>;
  /** For each text that is made of values: some repeat a secret, and Terraform does not say so. */
  readonly hide: Hide;
  /** Terraform itself says that there is nothing to apply; older versions say nothing of it. */
  readonly isIdle: boolean;
  /** Terraform has put off a part of it, or the plan is for named resources alone. */
  readonly isPartial: boolean;
  /** Actions of providers that an apply would start beside its changes. */
  readonly providerActions: readonly string[];
}

/**
 * Reads a plan as `terraform show -json` prints it, and masks it.
 *
 * @param name of the file or stack, for messages
 * @throws OperationFailure "invalid" when it is no plan of format 1.x, one of a run that failed, or one without changes and
 *   values
 */
export function readPlan(text: string, name: string): Plan {
  const json = new PlanJson(name);
  const plan = json.parse(text);
  const version = childOf(plan, "format_version");
  if (typeof version !== "string" || !/^1\.\d+$/.test(version)) {
    throw json.failure("has no format_version 1.x");
  }
  if (childOf(plan, "errored") === true) {
    throw json.failure("is of a run that failed: it does not have all that would change");
  }
  if (isAbsent(childOf(plan, "resource_changes")) && isAbsent(childOf(plan, "planned_values"))) {
    throw json.failure("has neither resource_changes nor planned_values");
  }
  const standing = isAbsent(childOf(plan, "resource_changes")) ? standingIn(json, plan) : [];
  const listed = [
    ...standing,
    ...["resource_changes", "resource_drift"].flatMap((key) => json.list(plan, key)),
  ];
  const outputs = Object.values(childOf(plan, "output_changes") ?? {});
  [...listed, ...outputs].forEach((one) => json.checkDepth(one, "its changes"));
  const hide = hiding([...listed, ...outputs.map((change: unknown) => ({ change }))]);
  const read = (all: readonly unknown[], key: string) =>
    all.flatMap((one, i) => readChange(json, one, `${key}[${i}]`, hide));
  const resources = [
    ...read(standing, "prior_state"),
    ...read(json.list(plan, "resource_changes"), "resource_changes"),
  ];
  return {
    changes: resources.filter(({ action }) => action !== "none"),
    unchanged: resources.filter(({ action }) => action === "none"),
    drift: read(json.list(plan, "resource_drift"), "resource_drift"),
    outputs: readOutputs(json, childOf(plan, "output_changes"), hide),
    otherStacks: readOtherStacks(json, plan),
    written: readWritten(json, plan),
    hide,
    isIdle: childOf(plan, "applyable") === false,
    isPartial: childOf(plan, "complete") === false || json.list(plan, "deferred_changes").length > 0,
    providerActions: json
      .list(plan, "action_invocations")
      .map((one, i) => json.text(one, "address", `action_invocations[${i}]`)),
  };
}

function readOutputs(json: PlanJson, changes: unknown, hide: Hide): Map<string, PlannedOutput> {
  const all = isAbsent(changes) ? [] : Object.entries(json.fields(changes, "output_changes"));
  return new Map(
    all
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, output]) => [name, readOutput(json, name, output, hide)]),
  );
}

/** Resources of a plan that only refreshes, as changes of nothing: it has them in the state alone. */
function standingIn(json: PlanJson, plan: Fields): unknown[] {
  const module = ["prior_state", "values", "root_module"].reduce<unknown>(childOf, plan);
  return json.list(module, "resources").flatMap((one) => {
    if (childOf(one, "mode") !== "managed" || !isAbsent(childOf(one, "deposed_key"))) {
      return [];
    }
    const [values, marks] = ["values", "sensitive_values"].map((key) => childOf(one, key));
    // What does not say which of its values are sensitive shows none.
    const side = { after: values, after_sensitive: isObject(marks) ? marks : true };
    return [{ ...(one as Fields), change: { actions: ["no-op"], ...side } }];
  });
}

/** By the key or the file of the state that was read. */
function readOtherStacks(json: PlanJson, plan: Fields): Map<string, Masked> {
  const module = ["prior_state", "values", "root_module"].reduce<unknown>(childOf, plan);
  const states = json
    .list(module, "resources")
    .filter((one) => childOf(one, "mode") === "data" && childOf(one, "type") === "terraform_remote_state");
  return new Map(
    states.flatMap((state): [string, Masked][] => {
      const [values, marks] = ["values", "sensitive_values"].map((key) => childOf(state, key));
      [values, marks].forEach((value) => json.checkDepth(value, "prior_state"));
      // What does not say which of its values are sensitive says nothing here.
      const read = masked(values, isObject(marks) ? marks : true, false);
      const config = childOf(read, "config");
      const place = childOf(config, "key") ?? childOf(config, "path");
      const [, stack] = /(?:^|[/.])([-a-z0-9]+)\.tfstate$/.exec(typeof place === "string" ? place : "") ?? [];
      return stack === undefined ? [] : [[stack, (childOf(read, "outputs") ?? null) as Masked]];
    }),
  );
}

function readWritten(json: PlanJson, plan: Fields): Map<string, ReadonlySet<string>> {
  const module = ["configuration", "root_module"].reduce<unknown>(childOf, plan);
  return new Map(
    json.list(module, "resources").flatMap((resource): [string, ReadonlySet<string>][] => {
      const address = childOf(resource, "address");
      const expressions = childOf(resource, "expressions");
      return typeof address === "string"
        ? [[address, new Set(isObject(expressions) ? Object.keys(expressions) : [])]]
        : [];
    }),
  );
}
