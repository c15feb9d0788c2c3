import type { GatewayView } from "../../operations/dial/follow";
import type { DialSnapshot } from "../../operations/dial/status";
import type { RampRecord } from "../../operations/dial/ramp/record";
import { showHolder } from "../../operations/dial/lock";
import { showWeights, weightOf } from "../../operations/dial/weights";
import { table } from "../table";

/** Changes of the log that are shown. */
const CHANGES = 5;

/** A snapshot for people, several lines. */
export function statusText(snapshot: DialSnapshot): string {
  const { gateways, lock, ramp, log } = snapshot;
  return [
    headline(snapshot),
    "",
    clusterTable(snapshot),
    "",
    gateways.length === 0 ? "No gateway is registered in Consul." : gatewayTable(gateways),
    ...unread(snapshot),
    "",
    ...(ramp === null ? [] : [rampText(ramp)]),
    lock === null ? "Nobody holds the lock." : `Lock: ${showHolder(lock)}.`,
    ...(log.length === 0 ? [] : ["", changes(snapshot)]),
  ].join("\n");
}

/** A snapshot on one line, for a log: `2026-01-31T12:00:00Z generation=7 alpha=75 (74.8%) … gateways=3/3`. */
export function statusLine({ at, desired, problem, gateways, live, ramp, clusters }: DialSnapshot): string {
  const parts = clusters
    .filter(({ name }) => weightOf(desired?.weights ?? {}, name) > 0 || live?.clusters[name] !== undefined)
    .map(({ name }) => {
      const share = live?.clusters[name]?.share ?? null;
      const errors = live?.clusters[name]?.errors ?? 0;
      return `${name}=${weightOf(desired?.weights ?? {}, name)}${share === null ? "" : ` (${percent(share)}, ${errors} errors)`}`;
    });
  const follow = gateways.filter(({ follows }) => follows).length;
  return [
    withoutFraction(at),
    `generation=${desired?.generation ?? "?"}`,
    ...parts,
    `gateways=${follow}/${gateways.length}`,
    ...(ramp === null ? [] : [`ramp=${ramp.at + 1}/${ramp.steps.length} ${ramp.phase}`]),
    ...(problem === null ? [] : [`problem: ${problem}`]),
  ].join(" ");
}

function headline({ environment, desired, problem }: DialSnapshot): string {
  const trouble = problem === null ? [] : [`Problem: ${problem}.`];
  if (desired === null) {
    const why =
      problem === null ? "it was never changed: all goes to the file's active cluster" : "it cannot be read";
    return [`The dial of ${environment}: ${why}.`, ...trouble].join("\n");
  }
  const { generation, weights, by, at, why } = desired;
  return [
    `The dial of ${environment}, generation ${generation}: ${showWeights(weights)}`,
    `by ${by}, ${withoutFraction(at)}: ${why}`,
    ...trouble,
  ].join("\n");
}

function clusterTable({ clusters, desired, live }: DialSnapshot): string {
  const known = clusters.map(({ name }) => name);
  const others = Object.keys({ ...desired?.weights, ...live?.clusters }).filter(
    (name) => !known.includes(name),
  );
  const rows = [
    ...clusters.map(({ name, kind, role, workers }) => [name, kind, role, String(workers)]),
    ...others.map((name) => [name, "", "not in the file", ""]),
  ].map((row) => {
    const name = row[0] ?? "";
    const traffic = live?.clusters[name];
    return [
      ...row,
      desired === null ? "?" : String(weightOf(desired.weights, name)),
      ...(live === null
        ? []
        : [
            percent(traffic?.share ?? null),
            traffic === undefined ? "0" : (traffic.requests / live.seconds).toFixed(1),
            percent(traffic?.errorRate ?? null),
            milliseconds(traffic?.p50 ?? null),
            milliseconds(traffic?.p99 ?? null),
          ]),
    ];
  });
  const measured = live === null ? [] : ["SHARE", "REQUESTS/S", "ERRORS", "P50", "P99"];
  return table(["CLUSTER", "KIND", "ROLE", "WORKERS", "WEIGHT", ...measured], rows);
}

const gatewayTable = (gateways: readonly GatewayView[]) =>
  table(
    ["GATEWAY", "ADDRESS", "GENERATION", "SERVES", ""],
    gateways.map(({ name, address, generation, weights, problem }) => [
      name,
      address,
      generation === null ? "" : String(generation),
      weights === null ? "" : showWeights(weights),
      problem ?? "",
    ]),
  );

const unread = ({ live }: DialSnapshot) =>
  live === null || live.unread.length === 0 ? [] : [`Not measured: ${live.unread.join("; ")}.`];

function rampText({ to, steps, at, phase, reason, by, why, startedAt }: RampRecord): string {
  const marked = steps.map((share, index) => (index === at ? `[${share}]` : String(share))).join(" ");
  const said = reason === null ? "" : `\n  ${reason}`;
  return `Ramp to ${to}: ${marked}, ${phase}; by ${by} since ${withoutFraction(startedAt)}: ${why}${said}`;
}

const changes = ({ log }: DialSnapshot) =>
  table(
    ["GENERATION", "AT", "ACTION", "BY", "WEIGHTS", "WHY"],
    log
      .slice(0, CHANGES)
      .map(({ generation, at, action, by, weights, why }) => [
        String(generation),
        withoutFraction(at),
        action,
        by,
        showWeights(weights),
        why,
      ]),
  );

const percent = (share: number | null) => (share === null ? "-" : `${(share * 100).toFixed(1)}%`);

const milliseconds = (seconds: number | null) =>
  seconds === null ? "-" : `${(seconds * 1000).toFixed(seconds < 0.1 ? 1 : 0)} ms`;

const withoutFraction = (at: string) => at.replace(/\.\d+Z$/, "Z");
