/**
 * Where the emulators read back something else than AWS would. A second plan may differ in these places and in no
 * other; an entry that no plan needs any more is an error, so that the list cannot grow old.
 */
export interface Deviation {
  /** Type of the resource. */
  readonly resource: string;
  /** Attribute that differs. */
  readonly attribute: string;
  /** Why, with the emulator's version. */
  readonly reason: string;
}

/** None at present: what the emulators got wrong is put right in tools/python. */
export const DEVIATIONS: readonly Deviation[] = [];

/** A difference between a configuration and what was read back. */
export interface Difference {
  readonly address: string;
  readonly resource: string;
  readonly actions: readonly string[];
  readonly attribute: string;
  readonly before: unknown;
  readonly after: unknown;
}

interface PlanJson {
  readonly resource_changes?: readonly {
    readonly address: string;
    readonly type: string;
    readonly change: {
      readonly actions: readonly string[];
      readonly before: Record<string, unknown> | null;
      readonly after: Record<string, unknown> | null;
      readonly after_unknown: Record<string, unknown>;
    };
  }[];
  readonly output_changes?: Readonly<Record<string, { readonly actions: readonly string[] }>>;
}

/** Every difference in a plan, as `terraform show -json` prints it. */
export function differencesIn(plan: unknown): Difference[] {
  const { resource_changes: resources = [], output_changes: outputs = {} } = plan as PlanJson;
  const ofResources = resources
    .filter(({ change }) => change.actions.some((action) => action !== "no-op" && action !== "read"))
    .flatMap(({ address, type, change }) => {
      const { before, after } = change;
      const base = { address, resource: type, actions: change.actions };
      if (before === null || after === null) {
        return [{ ...base, attribute: "", before, after }];
      }
      const changed = Object.keys({ ...before, ...after }).filter(
        (name) => !isUnknown(change.after_unknown[name]) && !same(before[name], after[name]),
      );
      // An update of nothing that is known now: one difference, so that it cannot go unseen.
      return (changed.length > 0 ? changed : [""]).map((attribute) => ({
        ...base,
        attribute,
        before: before[attribute],
        after: after[attribute],
      }));
    });
  const ofOutputs = Object.entries(outputs)
    .filter(([, { actions }]) => actions.some((action) => action !== "no-op"))
    .map(([name, { actions }]) => ({
      address: `output.${name}`,
      resource: "output",
      actions,
      attribute: "value",
      before: undefined,
      after: undefined,
    }));
  return [...ofResources, ...ofOutputs];
}

/** Wholly computed: Terraform shows it only because something else in the resource changes. */
const isUnknown = (unknown: unknown) => unknown === true;

/** Terraform tells an absent value from an empty one; a plan's reader does not. */
function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(withoutEmpty(a)) === JSON.stringify(withoutEmpty(b));
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutEmpty);
    return items.length === 0 ? undefined : items;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .map(([key, inner]) => [key, withoutEmpty(inner)] as const)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => a.localeCompare(b));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  return value === null || value === "" ? undefined : value;
}

export interface Judgement {
  /** Differences that no entry explains. */
  readonly unexplained: readonly Difference[];
  /** Entries that no difference needed. */
  readonly unused: readonly Deviation[];
  readonly explained: number;
}

/** Holds differences against the list of deviations. */
export function judge(
  differences: readonly Difference[],
  deviations: readonly Deviation[] = DEVIATIONS,
): Judgement {
  const explains = (deviation: Deviation, difference: Difference) =>
    deviation.resource === difference.resource && deviation.attribute === difference.attribute;
  const unexplained = differences.filter(
    (difference) => !deviations.some((entry) => explains(entry, difference)),
  );
  const unused = deviations.filter((entry) => !differences.some((difference) => explains(entry, difference)));
  return { unexplained, unused, explained: differences.length - unexplained.length };
}
