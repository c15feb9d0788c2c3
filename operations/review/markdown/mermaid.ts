import type { ClusterRole, Picture, PicturedCluster } from "../model";
import { codePoint, visibleName } from "./escape";

/** Clusters that a picture shows; more than that nobody reads, and renderers have limits. */
const CLUSTERS = 20;
/** Characters of a name in a picture. */
const LABEL_LENGTH = 40;

/** Fenced lines of an environment's picture: callers, gateways and clusters with their share of the traffic. */
export function pictureOf(picture: Picture, other: Picture, side: "before" | "after"): string {
  const clusters = picture.clusters.slice(0, CLUSTERS);
  const marks = clusters.map((cluster) => markOf(cluster, other, side));
  const changed = marks.flatMap((mark, at) => (mark === undefined ? [] : [`c${at}`]));
  const gatewaysChanged = picture.gateways && !other.gateways;
  const rest = picture.clusters.length - clusters.length;
  return [
    "```mermaid",
    "flowchart LR",
    ...(picture.gateways
      ? [
          '  callers(["Callers"]) --> gateways',
          `  gateways{{"${lines("Gateways", gatewaysChanged ? (side === "after" ? "new" : "removed") : undefined)}"}}`,
        ]
      : []),
    ...(picture.gateways || clusters.length > 0 ? [] : ['  empty["Nothing stands"]']),
    ...clusters.map((cluster, at) => `  c${at}["${labelOf(cluster, marks[at])}"]`),
    ...(rest > 0 ? [`  rest["and ${rest} more"]`] : []),
    ...(picture.gateways ? clusters.map(edgeTo) : []),
    ...classes([...(gatewaysChanged ? ["gateways"] : []), ...changed]),
    "```",
  ].join("\n");
}

/** Whether anything that a picture shows is another thing in the other one. */
export const samePicture = (one: Picture, other: Picture): boolean =>
  one.gateways === other.gateways &&
  one.clusters.length === other.clusters.length &&
  one.clusters.every((cluster, at) => {
    const twin = other.clusters[at];
    return (
      cluster.name === twin?.name &&
      cluster.kind === twin.kind &&
      cluster.role === twin.role &&
      cluster.version === twin.version &&
      cluster.weight === twin.weight
    );
  });

function labelOf(cluster: PicturedCluster, mark: string | undefined): string {
  // Of a removed one the mark says so.
  const role = cluster.role === "removed" && mark !== undefined ? null : (cluster.role ?? "role unknown");
  const facts = [kindOf(cluster.kind), cluster.version, role];
  return lines(
    label(cluster.name),
    label(facts.filter((fact) => fact !== null).join(", ")),
    mark === undefined ? undefined : label(mark),
  );
}

const lines = (...parts: (string | undefined)[]) => parts.filter((part) => part !== undefined).join("<br/>");

const kindOf = (kind: PicturedCluster["kind"]) => (kind === "eks" ? "EKS" : kind);

/** What is new about a cluster, in words: colour alone tells nothing to many. */
function markOf(cluster: PicturedCluster, other: Picture, side: "before" | "after"): string | undefined {
  const twin = other.clusters.find(({ name }) => name === cluster.name);
  if (side === "before") {
    return twin === undefined || isDangling(twin) ? "goes away" : undefined;
  }
  if (isDangling(cluster)) {
    return `removed, ${cluster.weight} % goes nowhere`;
  }
  if (twin === undefined) {
    return "new";
  }
  const was = [
    cluster.role === twin.role ? undefined : `was ${roleOf(twin.role)}`,
    cluster.version === twin.version ? undefined : `was ${twin.version ?? "of an unknown version"}`,
    cluster.kind === twin.kind ? undefined : `was ${kindOf(twin.kind) ?? "of an unknown kind"}`,
    cluster.weight === twin.weight ? undefined : "another share",
  ].filter((what) => what !== undefined);
  return was.length === 0 ? undefined : was.join(", ");
}

/** Nothing of it stands, and the dial still sends traffic to it. */
const isDangling = ({ role, weight }: PicturedCluster) => role === "removed" && (weight ?? 0) > 0;

const roleOf = (role: ClusterRole | null) => role ?? "of an unknown role";

/** Dotted where no traffic goes, or nobody knows; crossed out where it would arrive at nothing. */
function edgeTo(cluster: PicturedCluster, at: number): string {
  const { weight } = cluster;
  if (weight === null) {
    return `  gateways -. "share unknown" .-> c${at}`;
  }
  return weight > 0
    ? `  gateways -- "${weight} %" ${isDangling(cluster) ? "--x" : "-->"} c${at}`
    : `  gateways -. "0 %" .-> c${at}`;
}

const classes = (changed: readonly string[]) =>
  changed.length === 0
    ? []
    : ["  classDef changed stroke-width:4px,stroke-dasharray:6 3", `  class ${changed.join(",")} changed`];

/** What Mermaid makes more of than text, also where it was written as a number: icons, formulae, Markdown. */
const LATE = /[:$`]/g;

/** Text between quotes. `#NN;` is the character of that number: no quote, bracket, directive (`%%{`) or HTML is left. */
function label(text: string): string {
  const kept = text.length > LABEL_LENGTH ? `${text.slice(0, LABEL_LENGTH)}...` : text;
  return visibleName(kept)
    .replace(LATE, codePoint)
    .replace(/[^A-Za-z0-9 .,-]/g, (character) => `#${character.charCodeAt(0)};`);
}
