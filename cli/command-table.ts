import type { Command } from "commander";
import type { Session } from "./session";

/** Adds a command to the program. */
export type AddCommand = (program: Command, session: Session) => void;

/* eslint-disable @typescript-eslint/no-require-imports -- an import would load every command for each of them */

/**
 * Every command of the program, in the order of the help. A command's code is loaded when somebody names it: all of them
 * together take longer than most of them run.
 */
export const commands: Readonly<Record<string, () => AddCommand>> = {
  dial: () => (require("./dial/dial") as typeof import("./dial/dial")).dialCommand,
  env: () => (require("./commands/env") as typeof import("./commands/env")).envCommand,
  local: () => (require("./commands/local") as typeof import("./commands/local")).localCommand,
  manifests: () =>
    (require("./commands/manifests") as typeof import("./commands/manifests")).manifestsCommand,
  mesh: () => (require("./mesh/mesh") as typeof import("./mesh/mesh")).meshCommand,
  pki: () => (require("./commands/pki") as typeof import("./commands/pki")).pkiCommand,
  clusters: () => (require("./clusters/clusters") as typeof import("./clusters/clusters")).clustersCommand,
  promote: () => (require("./clusters/promote") as typeof import("./clusters/promote")).promoteCommand,
  kubeconfig: () =>
    (require("./kubeconfig/kubeconfig") as typeof import("./kubeconfig/kubeconfig")).kubeconfigCommand,
  atlantis: () => (require("./atlantis/atlantis") as typeof import("./atlantis/atlantis")).atlantisCommand,
  review: () => (require("./review/review") as typeof import("./review/review")).reviewCommand,
  drift: () => (require("./drift/drift") as typeof import("./drift/drift")).driftCommand,
  completion: () =>
    (require("./commands/completion") as typeof import("./commands/completion")).completionCommand,
};

const VERSION = /^(-V|--version)$/;

/** What a command line needs of {@link commands}: the one that it names; all of them for the help, or for a mistake. */
export function commandsFor(argv: readonly string[]): readonly AddCommand[] {
  if (argv.length === 1 && VERSION.test(argv[0] ?? "")) {
    return [];
  }
  const [name = ""] = argv.filter((word) => !word.startsWith("-"));
  const named = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return named === undefined ? Object.values(commands).map((load) => load()) : [named()];
}
