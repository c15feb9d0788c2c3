import type { StateSummary } from "./state";

/** Where an environment keeps its states. */
export interface StateStore {
  /** All that is there, sorted. @throws OperationFailure when it cannot be listed */
  list(): Promise<readonly ListedState[]>;
  /** @throws OperationFailure when it cannot be read, or is no state */
  read(state: ListedState): Promise<StateSummary>;
}

export interface ListedState {
  /** `development-network`: a stack's name, if it is one's. */
  readonly name: string;
  /** As a person finds it: `s3://example-tfstate/development/development-network.tfstate`, a path. */
  readonly where: string;
  /** Whether somebody holds its lock: an apply is going on, or one has ended badly. */
  readonly isLocked: boolean;
}

/** The states among names of files. @param nameOf of a state's file; undefined when it is none */
export function listed(
  files: readonly string[],
  nameOf: (file: string) => string | undefined,
  lockOf: (file: string) => string,
  whereOf: (file: string) => string,
): ListedState[] {
  const all = new Set(files);
  return [...all].sort().flatMap((file) => {
    const name = nameOf(file);
    return name === undefined ? [] : [{ name, where: whereOf(file), isLocked: all.has(lockOf(file)) }];
  });
}
