import { differences, joined, knownLeaves, type Marked } from "./difference";
import { childOf, isAbsent, masked, type Masked } from "./masked";
import type { AttributeChange, ChangeAction, Shown } from "./model";
import type { Fields, PlanJson } from "./plan-json";
import type { Hide } from "./secrets";

/** What a plan does to a resource, or a drift has done. */
export interface PlannedChange {
  /** With the deposed object's key, when it is about one. */
  readonly address: string;
  readonly type: string;
  readonly action: ChangeAction | "none";
  readonly isDeposed: boolean;
  readonly isImported: boolean;
  /** Address that it had before. */
  readonly movedFrom: string | null;
  readonly before: Masked;
  readonly after: Masked;
  /** Update, replacement and import: leaves that differ. Creation: what is known. Otherwise nothing. */
  readonly attributes: readonly AttributeChange[];
  readonly forcedBy: readonly string[];
  /** Why, in words, when Terraform says it and `forcedBy` does not. */
  readonly reason: string | null;
}

export interface PlannedOutput {
  readonly action: "none" | "create" | "update" | "delete";
  readonly before: Masked;
  readonly after: Masked;
  readonly attributes: readonly AttributeChange[];
}

const ACTIONS: ReadonlyMap<string, ChangeAction | "none" | "read"> = new Map([
  ["no-op", "none"],
  ["read", "read"],
  ["create", "create"],
  ["update", "update"],
  ["delete", "delete"],
  ["delete,create", "replace"],
  ["create,delete", "replace-first"],
  // The old one goes on existing, and no state knows it.
  ["create,forget", "replace-first"],
  ["forget", "forget"],
]);

const REASONS: ReadonlyMap<string, string | null> = new Map([
  ["replace_because_tainted", "an earlier apply did not finish it"],
  // `forcedBy` says which attributes.
  ["replace_because_cannot_update", null],
  ["replace_by_request", "whoever planned asked for it"],
  ["replace_by_triggers", "what triggers its replacement changes"],
  ["delete_because_no_resource_config", "it is not in the code any more"],
  ["delete_because_no_module", "its module is not in the code any more"],
  ["delete_because_wrong_repetition", "its key does not fit the code's repetition any more"],
  ["delete_because_count_index", "its number is beyond the code's count"],
  ["delete_because_each_key", "its key is not in the code any more"],
  ["delete_because_no_move_target", "the code moves it to where nothing is"],
]);

/** A change as `resource_changes` and `resource_drift` have it. @returns nothing for what is only read */
export function readChange(json: PlanJson, one: unknown, where: string, hide: Hide): PlannedChange[] {
  const address = json.text(one, "address", where);
  const type = json.text(one, "type", address);
  const change = json.fields(childOf(one, "change"), `${address}.change`);
  const action = ACTIONS.get(json.list(change, "actions").join());
  if (action === undefined) {
    throw json.failure(`does something to ${address} that is not known here`);
  }
  // A drift of a data source is no change either.
  if (action === "read" || childOf(one, "mode") === "data") {
    return [];
  }
  const [before, after] = readSides(json, change, address);
  const deposed = json.optionalText(one, "deposed", address);
  const movedFrom = json.optionalText(one, "previous_address", address);
  const isImported = !isAbsent(childOf(change, "importing"));
  const isReplacement = action === "replace" || action === "replace-first";
  return [
    {
      address: deposed === null ? address : `${address} (deposed object ${deposed})`,
      type,
      action: shownAction(action, isImported, movedFrom !== null),
      isDeposed: deposed !== null,
      isImported,
      movedFrom,
      before: maskedBefore(before, after),
      after: masked(after.value, after.sensitive, after.unknown),
      attributes: attributesOf(action, before, after).map((attribute) => hidden(attribute, hide)),
      forcedBy: isReplacement ? readPaths(json, change, address).map(hide) : [],
      reason: reasonOf(json.optionalText(one, "action_reason", address)),
    },
  ];
}

/** Terraform calls an import or a move by what it does beside that, which may be nothing. */
const shownAction = (action: ChangeAction | "none", isImported: boolean, isMoved: boolean) =>
  isImported && (action === "none" || action === "update")
    ? "import"
    : isMoved && action === "none"
      ? "move"
      : action;

export function readOutput(json: PlanJson, name: string, output: unknown, hide: Hide): PlannedOutput {
  const where = `output ${name}`;
  const change = json.fields(output, where);
  const [before, after] = readSides(json, change, where);
  const actions = json.list(change, "actions").join();
  const action =
    actions === "no-op" ? "none" : actions === "create" || actions === "delete" ? actions : "update";
  return {
    action,
    before: maskedBefore(before, after),
    after: masked(after.value, after.sensitive, after.unknown),
    attributes: differences(before, after)
      .map(({ path, ...sides }) => ({
        path: path === "" || path.startsWith("[") ? `${name}${path}` : `${name}.${path}`,
        ...sides,
      }))
      .map((attribute) => hidden(attribute, hide)),
  };
}

/** A value that repeats a secret of another attribute, as it is shown or as it was before it became JSON. */
function hidden({ path, before, after }: AttributeChange, hide: Hide): AttributeChange {
  const repeats = (text: string) => hide(text) !== text;
  const side = (shown: Shown): Shown =>
    shown.kind === "value" && (repeats(shown.json) || repeats(leafOf(shown.json)))
      ? { kind: "sensitive" }
      : shown;
  return { path: hide(path), before: side(before), after: side(after) };
}

/** A text without the quotes and escapes of the JSON that shows it. */
function leafOf(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? value : json;
}

/** What has become a secret was one before, whatever the state says. */
const maskedBefore = (before: Marked, after: Marked): Masked =>
  masked(masked(before.value, before.sensitive, false), after.sensitive, false);

/** Both sides with their masks, without which nobody could tell what may be shown. */
function readSides(json: PlanJson, change: Fields, where: string): [Marked, Marked] {
  const side = (which: "before" | "after"): Marked => {
    const value = childOf(change, which);
    const sensitive = childOf(change, `${which}_sensitive`);
    const unknown = which === "after" ? childOf(change, "after_unknown") : false;
    if (
      !isAbsent(value) &&
      typeof sensitive !== "boolean" &&
      (typeof sensitive !== "object" || sensitive === null)
    ) {
      throw json.failure(`does not say what of ${where} is sensitive: it has no ${which}_sensitive`);
    }
    return { value, sensitive, unknown };
  };
  const [before, after] = [side("before"), side("after")];
  // Of what stays one side is enough.
  return [
    before.value === undefined && change.before_sensitive === undefined && isSame(change)
      ? { ...after, unknown: false }
      : before,
    after,
  ];
}

const isSame = ({ actions }: Fields) => Array.isArray(actions) && actions.join() === "no-op";

function readPaths(json: PlanJson, change: Fields, address: string): string[] {
  const paths = json.list(change, "replace_paths").map((path) => {
    if (!Array.isArray(path) || !path.every((key) => typeof key === "string" || typeof key === "number")) {
      throw json.failure(`has another shape: replace_paths of ${address} are none`);
    }
    return path.reduce<string>(joined, "");
  });
  return [...new Set(paths)].sort();
}

/** A reason that is new to us is told in Terraform's own words. */
const reasonOf = (reason: string | null) =>
  reason === null ? null : REASONS.has(reason) ? (REASONS.get(reason) ?? null) : reason.replaceAll("_", " ");

function attributesOf(
  action: ChangeAction | "none",
  before: Marked,
  after: Marked,
): readonly AttributeChange[] {
  switch (action) {
    case "create":
      return knownLeaves(after);
    case "replace":
    case "replace-first":
      // All that AWS gives is unknown of what is made anew, which says nothing.
      return differences(before, after).filter((one) => one.after.kind !== "unknown");
    case "update":
      return differences(before, after);
    default:
      return [];
  }
}
