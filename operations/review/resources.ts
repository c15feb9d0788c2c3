import { isOfNothing } from "./difference";
import type { AttributeChange, ChangeAction, Counts, ResourceReview } from "./model";
import type { Plan } from "./plan";

/** What cannot be taken back first. */
const ORDER: readonly ChangeAction[] = [
  "delete",
  "replace",
  "replace-first",
  "forget",
  "update",
  "import",
  "move",
  "create",
];

/** What a plan does to each resource: destroys first, then replacements, updates, creates; by address within each. */
export function resourcesOf({ changes }: Plan): ResourceReview[] {
  return changes
    .flatMap(({ address, type, action, forcedBy, reason, attributes }): ResourceReview[] =>
      action === "none" ? [] : [{ address, type, action, forcedBy, reason, attributes: telling(attributes) }],
    )
    .sort(
      (one, other) =>
        rank(one.action) - rank(other.action) ||
        (one.address < other.address ? -1 : one.address > other.address ? 1 : 0),
    );
}

/** Those that say something; all of them when none does, so that no update stands without a reason. */
function telling(attributes: readonly AttributeChange[]): readonly AttributeChange[] {
  const some = attributes.filter((attribute) => !isOfNothing(attribute));
  return some.length > 0 ? some : attributes;
}

/** Both ways to replace are one to who reads. */
const rank = (action: ChangeAction) => ORDER.indexOf(action === "replace-first" ? "replace" : action);

export function countsOf(resources: readonly ResourceReview[]): Counts {
  const count = (...actions: readonly ChangeAction[]) =>
    resources.filter(({ action }) => actions.includes(action)).length;
  return {
    create: count("create"),
    update: count("update"),
    replace: count("replace", "replace-first"),
    delete: count("delete"),
    import: count("import"),
    move: count("move"),
    forget: count("forget"),
  };
}
