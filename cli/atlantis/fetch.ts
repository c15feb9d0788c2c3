import type { Command } from "commander";
import { checkCurrent } from "../../operations/atlantis/bundle/current";
import { fetchBundle } from "../../operations/atlantis/bundle/fetch";
import { layOut } from "../../operations/atlantis/bundle/lay-out";
import { storeAt } from "../../operations/atlantis/bundle/store";
import { checkBundle } from "../../operations/atlantis/code-check/bundle";
import { readTrust } from "../../operations/atlantis/trust";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { seconds } from "../values";
import { headCommit } from "./commit";
import { reportFindings } from "./findings";

interface Options {
  readonly trust: string;
  readonly commit?: string;
  readonly directory: string;
  readonly base?: string;
  readonly timeout: number;
}

/** `skyline atlantis fetch`: the hook before a plan. It runs nothing of the clone. */
export function addFetch(atlantis: Command, session: Session): void {
  examples(
    atlantis
      .command("fetch")
      .description("take a commit's stacks from the store, check them, and lay them into the clone")
      .requiredOption("--trust <file>", "the server's trust file")
      .option("--commit <id>", "the commit, in full (default: HEAD_COMMIT, which Atlantis sets)")
      .option("--directory <path>", "root of the clone", ".")
      .option("--base <branch>", "branch that it goes into (default: BASE_BRANCH_NAME, which Atlantis sets)")
      .option("--timeout <seconds>", "wait so long for the synth job", seconds, 600)
      .action(session.action((options: Options) => fetchStacks(options, session))),
    "skyline atlantis fetch --trust /etc/skyline/trust.yaml",
    'skyline atlantis fetch --trust atlantis/trust.yaml --commit "$(git rev-parse HEAD)" --timeout 5',
  );
}

async function fetchStacks(options: Options, session: Session): Promise<Result> {
  const trust = readTrust(options.trust);
  const commit = headCommit(options.commit);
  const bundle = await session.interruptible(
    (signal) =>
      fetchBundle({
        ...{ commit, signal, store: storeAt(trust.store), waitMs: options.timeout * 1000 },
        report: (line) => session.talk(line),
      }),
    "",
  );
  const findings = checkBundle(bundle, trust);
  const { digest } = bundle;
  if (findings.length > 0) {
    return {
      data: { commit, digest, findings },
      text: "",
      exitCode: exitCodes.refused,
      errors: reportFindings(findings),
    };
  }
  const base = options.base ?? process.env.BASE_BRANCH_NAME ?? "";
  if (base !== "") {
    await checkCurrent(options.directory, commit, base);
  }
  const laidOut = await layOut(options.directory, bundle);
  const count = Object.keys(bundle.stacks).length;
  return {
    data: { commit, digest, findings, ...laidOut },
    text: `Commit ${commit}, digest ${digest}: ${count} stacks are verified and checked, ${laidOut.written.length} of them new or changed here.`,
  };
}
