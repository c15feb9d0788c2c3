import type { Environment } from "../../../environment/schema";
import { atOnce } from "../at-once";
import { unknownOf } from "../around";
import type { Unknown } from "../model";
import type { Reader } from "../reading";
import type { LookingTerraform } from "../terraform";
import { bucketStates } from "./bucket";
import { folderStates } from "./folder";
import type { StateSummary } from "./state";

export interface StatesLook {
  /** By name, sorted; null is one that cannot be read. Null as a whole when nobody could list them. */
  readonly summaries: ReadonlyMap<string, StateSummary | null> | null;
  readonly whereOf: (state: string) => string;
  readonly notes: readonly string[];
  readonly unknown: readonly Unknown[];
}

export interface StatesRequest {
  readonly environment: Environment;
  /** Of states in files. */
  readonly folder: string;
  readonly terraform: LookingTerraform;
  readonly reader: Reader;
  readonly report: (step: string) => void;
}

const READ_AT_ONCE = 4;

/** Reads all states of an environment, whoever has put them there. */
export async function lookAtStates(request: StatesRequest): Promise<StatesLook> {
  const { environment, folder, terraform, reader, report } = request;
  const { environment: name, state } = environment;
  const store =
    state === undefined ? folderStates(folder, name) : bucketStates(environment, state, terraform);
  report("states");
  const list = await reader.read(() => store.list());
  const listed = list.value ?? [];
  const read = await atOnce(READ_AT_ONCE, listed, (one) => reader.read(() => store.read(one)));
  const places = new Map(listed.map(({ name: one, where }) => [one, where]));
  const summaries = new Map(listed.map((one, index) => [one.name, read[index]?.value ?? null]));
  return {
    summaries: list.problem === undefined ? summaries : null,
    whereOf: (one) => places.get(one) ?? one,
    notes: listed
      .filter(({ isLocked }) => isLocked)
      .map(({ where }) => `Somebody holds the lock of ${where}: what is seen of it may be half of an apply`),
    unknown: [
      ...unknownOf("list of states", list),
      ...listed.flatMap(({ where }, index) => {
        const reading = read[index];
        return reading === undefined ? [] : unknownOf(`state ${where}`, reading);
      }),
    ],
  };
}
