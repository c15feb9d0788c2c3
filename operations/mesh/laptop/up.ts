import { findBinaries, type MeshBinaries } from "../binaries";
import { OperationFailure } from "../../failure";
import { MeshWorld } from "../world";
import { readState } from "../world-state";
import { stands } from "./folder";
import { alone } from "./lock";
import { claim, removeOurs } from "./ownership";

export interface UpOptions {
  /** Absolute. */
  readonly directory: string;
  /** The dial at the start, by cluster. */
  readonly weights: Readonly<Record<string, number>>;
  readonly timeoutMs: number;
  /** Start nothing. */
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly report: (step: string) => void;
}

export interface UpResult {
  readonly directory: string;
  readonly binaries: MeshBinaries;
  readonly seconds: number;
  /** Undefined when nothing was to be started. */
  readonly mesh: MeshWorld | undefined;
}

/** The clusters of a mesh on a laptop. */
export const CLUSTERS = ["alpha", "bravo"] as const;

/** The services that are there at the start: one in Mesos with its successor waiting in Kubernetes, one in Kubernetes. */
export const DEMO = { mesos: "organization", kubernetes: "giphy" } as const;

/**
 * Starts a mesh with services to try, and leaves it running.
 * @throws OperationFailure with what to do next; what was started is stopped then
 */
export async function meshUp(options: UpOptions): Promise<UpResult> {
  const started = Date.now();
  const { directory, dryRun, report, weights } = options;
  return alone(directory, "skyline mesh up", async () => {
    if (stands(directory)) {
      throw new OperationFailure(
        "conflict",
        `a mesh stands in ${directory} since ${readState(directory)?.startedAt}`,
        "skyline mesh down",
      );
    }
    const binaries = await findBinaries();
    const result = (mesh?: MeshWorld) => ({
      directory,
      binaries,
      mesh,
      seconds: (Date.now() - started) / 1000,
    });
    if (dryRun) {
      return result();
    }
    // What a mesh has left behind that a reboot ended, or a kill.
    removeOurs(directory);
    claim(directory);
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = AbortSignal.any([options.signal, timeout]);
    const ended = () =>
      timeout.aborted && !options.signal.aborted
        ? new OperationFailure(
            "timeout",
            `the mesh did not stand after ${options.timeoutMs / 1000} s; what was started is stopped`,
          )
        : new OperationFailure("interrupted", "interrupted; what was started is stopped");
    try {
      const mesh = await MeshWorld.start({
        clusters: Object.fromEntries(CLUSTERS.map((name) => [name, 1])),
        weights,
        directory,
        binaries,
        keep: true,
        signal,
        report,
      });
      try {
        await demo(mesh, signal, report);
        return result(mesh);
      } catch (error) {
        await mesh.stop();
        throw error;
      }
    } catch (error) {
      // The logs of a mesh that did not come up are what there is to look at.
      if (signal.aborted) removeOurs(directory);
      throw signal.aborted ? ended() : error;
    }
  });
}

async function demo(mesh: MeshWorld, signal: AbortSignal, report: (step: string) => void): Promise<void> {
  const { mesos, kubernetes } = DEMO;
  report(`services: ${mesos} in Mesos, ${kubernetes} in ${CLUSTERS.join(" and ")}`);
  await Promise.all(CLUSTERS.map((cluster) => mesh.cluster(cluster).standIn(mesos)));
  await Promise.all([
    ...mesh.mesosNodes.map((_, index) => mesh.startService({ name: mesos, on: { mesos: index } })),
    ...CLUSTERS.map((cluster) => mesh.startService({ name: kubernetes, on: { cluster } })),
    // The successor: it runs, and its Service leads to Mesos until the handover.
    ...CLUSTERS.map((cluster) => mesh.startService({ name: mesos, on: { cluster }, version: "v2" })),
  ]);
  signal.throwIfAborted();
  await mesh.settled();
}
