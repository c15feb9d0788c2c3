import { visible, visibleName } from "../../review/markdown/escape";
import type { NormalisedChange, NormalisedPlan, Place } from "./normalised-plan";

/** Lines told at most. */
const MOST_LINES = 40;
/** Characters of a value that are told. */
const VALUE_LENGTH = 120;

/**
 * In what a plan differs from the one that was reviewed, a line each; sensitive values are told to differ and no more.
 *
 * @returns nothing for plans that do the same
 */
export function differencesOf(reviewed: NormalisedPlan, now: NormalisedPlan): string[] {
  const [old, next] = [bySubject(reviewed), bySubject(now)];
  const lines = [...new Set([...old.keys(), ...next.keys()])]
    .sort()
    .flatMap((subject) => ofSubject(visibleName(subject), old.get(subject), next.get(subject)));
  const parts = [...new Set([...reviewed.others.keys(), ...now.others.keys()])]
    .filter((name) => reviewed.others.get(name) !== now.others.get(name))
    .map((name) => `${visibleName(name)}: differs from what was reviewed`);
  return limited([...lines, ...parts]);
}

const bySubject = ({ changes }: NormalisedPlan): ReadonlyMap<string, NormalisedChange> =>
  new Map(changes.map((change) => [change.subject, change]));

function limited(lines: readonly string[]): string[] {
  const more = lines.length - MOST_LINES;
  return more > 0 ? [...lines.slice(0, MOST_LINES), `… and ${more} more differences`] : [...lines];
}

function ofSubject(
  name: string,
  reviewed: NormalisedChange | undefined,
  now: NormalisedChange | undefined,
): string[] {
  if (reviewed === undefined || now === undefined || actionsOf(reviewed) !== actionsOf(now)) {
    return [`${name}: reviewed ${actionsOf(reviewed)}, now ${actionsOf(now)}`];
  }
  const lines = placesOf(reviewed, now).flatMap((place) => ofPlace(name, place, reviewed, now));
  const rest =
    reviewed.rest === now.rest || lines.length > 0 ? [] : [`${name}: is marked or forced otherwise`];
  return [...lines, ...rest];
}

const actionsOf = (change: NormalisedChange | undefined) =>
  change === undefined ? "no change" : change.actions.join(" and ");

function placesOf(...changes: readonly NormalisedChange[]): string[] {
  return [...new Set(changes.flatMap(({ before, after }) => [...before.keys(), ...after.keys()]))].sort();
}

function ofPlace(name: string, place: string, reviewed: NormalisedChange, now: NormalisedChange): string[] {
  const same = (side: "before" | "after") => reviewed[side].get(place) === now[side].get(place);
  if (same("before") && same("after")) {
    return [];
  }
  const where = `${name}: ${pathOf(JSON.parse(place) as Place)}`;
  const hidden = [reviewed, now].some(({ sensitive }) => isWithin(place, sensitive));
  return hidden
    ? [`${where}: a sensitive value, which differs from what was reviewed`]
    : [`${where}: reviewed ${turn(reviewed, place)}, now ${turn(now, place)}`];
}

/** Whether a place or what it is in is among those marked. */
function isWithin(place: string, marked: ReadonlySet<string>): boolean {
  const steps = JSON.parse(place) as Place;
  return [...steps.keys(), steps.length].some((length) => marked.has(JSON.stringify(steps.slice(0, length))));
}

function turn({ before, after, unknown }: NormalisedChange, place: string): string {
  const [old, next] = [before.get(place), after.get(place)];
  const computed = next === undefined && isWithin(place, unknown);
  return old === undefined && next === undefined && !computed
    ? "no change"
    : `${shown(old)} -> ${computed ? "known after apply" : shown(next)}`;
}

function shown(json: string | undefined): string {
  if (json === undefined) {
    return "nothing";
  }
  return visible(json.length > VALUE_LENGTH ? `${json.slice(0, VALUE_LENGTH)}…` : json);
}

/** `ingress[0].cidr_blocks`, `tags["skyline:stack"]`. */
function pathOf(place: Place): string {
  const path = place
    .map((step) =>
      typeof step === "string" && /^\w+$/.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join("");
  return visibleName(path.replace(/^\./, "")) || "value";
}
