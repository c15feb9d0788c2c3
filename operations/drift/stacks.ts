import type { AttributeChange, Shown } from "../review/model";
import type { SynthesizedStack } from "../synthesized";
import { atOnce } from "./at-once";
import { unknownOf } from "./around";
import { judgeDrift } from "./left-out";
import type { StackDrift, Unknown } from "./model";
import type { Reader, Reading } from "./reading";
import { PlannedFolder, type StackPlans, type Waiting } from "./stack-plans";
import type { StateResource } from "./state-resources";
import type { StatesLook } from "./states/look";
import type { LookingTerraform, Mask } from "./terraform";

export interface StacksRequest {
  readonly stacks: readonly SynthesizedStack[];
  readonly states: StatesLook;
  /** Whether stacks inside of clusters are looked at. */
  readonly platforms: boolean;
  readonly terraform: LookingTerraform;
  readonly reader: Reader;
  readonly report: (step: string) => void;
}

/** A plan is a Terraform and its providers: half a gigabyte of memory and a processor. */
const PLANNED_AT_ONCE = 2;

/** Holds each stack's state against AWS, and its code against its state. */
export async function lookAtStacks(request: StacksRequest): Promise<{
  readonly stacks: readonly StackDrift[];
  readonly unknown: readonly Unknown[];
}> {
  const { stacks, platforms } = request;
  const isLeftOut = ({ providers }: SynthesizedStack) => !platforms && providers.includes("kubernetes");
  const looked = new Map<string, Reading<StackPlans | Waiting>>();
  const folders = new Map<string, PlannedFolder>();
  for (const stack of stacks.filter((one) => !isLeftOut(one))) {
    const waitsFor = awaited(stack, request.states);
    if (waitsFor !== undefined) {
      looked.set(stack.name, { value: { waitsFor } });
      continue;
    }
    const ready = await request.reader.read(() => PlannedFolder.of(request.terraform, stack));
    if (ready.problem === undefined) folders.set(stack.name, ready.value);
    else looked.set(stack.name, ready);
  }
  await atOnce(PLANNED_AT_ONCE, [...folders], async ([name, folder]) => {
    request.report(`plans of ${name}`);
    looked.set(name, await request.reader.read(() => folder.plans()));
  });
  const resources = [...looked.values()].flatMap(({ value }) =>
    value !== undefined && "resources" in value ? value.resources : [],
  );
  return {
    stacks: stacks.map(({ name }) => stackDrift(name, looked.get(name), resources)),
    unknown: stacks.flatMap(({ name }) => {
      const reading = looked.get(name);
      return reading === undefined ? [] : unknownOf(`stack ${name}`, reading);
    }),
  };
}

/**
 * Stack that has to be applied before: one that this one depends on has no state. A stack that stands itself is planned all
 * the same.
 */
function awaited({ name, dependencies }: SynthesizedStack, { summaries }: StatesLook): string | undefined {
  const isEmpty = (stack: string) => {
    const state = summaries?.get(stack);
    return summaries !== null && (state === undefined || state?.resources === 0);
  };
  return isEmpty(name)
    ? dependencies.find((other) => summaries !== null && !summaries.has(other))
    : undefined;
}

/** @param looked undefined when nobody wanted it */
function stackDrift(
  stack: string,
  looked: Reading<StackPlans | Waiting> | undefined,
  resources: readonly StateResource[],
): StackDrift {
  const nothing = { waitsFor: null, changedOutside: [], notApplied: [], outputs: [], leftOut: [] };
  if (looked?.value === undefined) {
    return { ...nothing, stack, state: looked === undefined ? "left-out" : "unknown" };
  }
  if ("waitsFor" in looked.value) {
    return { ...nothing, stack, state: "waits", waitsFor: looked.value.waitsFor };
  }
  const { code, refreshed, unapplied, mask } = looked.value;
  const { changed, leftOut } = judgeDrift(refreshed.drift, code, resources);
  const hidden = <T extends { readonly attributes: readonly AttributeChange[] }>(one: T): T => ({
    ...one,
    attributes: one.attributes.map((attribute) => hide(attribute, mask)),
  });
  return {
    stack,
    state: "looked-at",
    waitsFor: null,
    changedOutside: changed.map(hidden),
    notApplied: unapplied.changes.flatMap(({ address, type, action, attributes }) =>
      action === "none" ? [] : [hidden({ address, type, action, attributes })],
    ),
    outputs: [...unapplied.outputs.values()].flatMap(({ action, attributes }) =>
      action === "none" ? [] : hidden({ attributes }).attributes,
    ),
    leftOut,
  };
}

const hide = ({ path, before, after }: AttributeChange, mask: Mask): AttributeChange => ({
  path,
  before: hideValue(before, mask),
  after: hideValue(after, mask),
});

const hideValue = (shown: Shown, mask: Mask): Shown =>
  shown.kind === "value" && mask(shown.json) !== shown.json ? { kind: "sensitive" } : shown;
