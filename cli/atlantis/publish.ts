import type { Command } from "commander";
import { bundleSynthesized, publish } from "../../operations/atlantis/bundle/publish";
import { storeAt } from "../../operations/atlantis/bundle/store";
import { checkBundle } from "../../operations/atlantis/code-check/bundle";
import { readTrust } from "../../operations/atlantis/trust";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import type { Result } from "../output";
import type { Session } from "../session";
import { reportFindings } from "./findings";

interface Options {
  readonly commit: string;
  readonly to: string;
  readonly output: string;
  readonly trust?: string;
  readonly dryRun?: true;
}

/** `skyline atlantis publish`: the end of the synth job. */
export function addPublish(atlantis: Command, session: Session): void {
  examples(
    atlantis
      .command("publish")
      .description("bind the synthesized stacks to a commit, and write them to the store, once")
      .requiredOption("--commit <id>", "the commit that was synthesized, in full")
      .requiredOption("--to <store>", "the store: https://…, file:///… or a folder")
      .option("--output <path>", "folder of the synthesized app", "cdktf.out")
      .option("--trust <file>", "check the code by this trust file first, as the server will by its own")
      .option("--dry-run", "write nothing")
      .action(session.action((options: Options) => publishStacks(options, session))),
    'skyline atlantis publish --commit "$GITHUB_SHA" --to https://artefacts.example.internal/skyline',
    'skyline atlantis publish --commit "$(git rev-parse HEAD)" --to /tmp/store --trust atlantis/trust.yaml --dry-run',
  );
}

async function publishStacks(options: Options, session: Session): Promise<Result> {
  const store = storeAt(options.to);
  const { bundle, leftOut } = bundleSynthesized(options.output, options.commit);
  const findings = options.trust === undefined ? [] : checkBundle(bundle, readTrust(options.trust));
  const { commit, digest } = bundle;
  const stacks = Object.keys(bundle.stacks);
  const address = store.addressOf(commit);
  const data = { commit, digest, stacks, leftOut, address, findings };
  if (leftOut.length > 0) {
    session.talk(`Left out, as they are of no environment: ${leftOut.join(", ")}`);
  }
  if (findings.length > 0) {
    const errors = reportFindings(findings);
    return { data: { ...data, written: false }, text: "", exitCode: exitCodes.refused, errors };
  }
  if (options.dryRun === true) {
    const text = `${stacks.length} stacks of ${commit} have digest ${digest}. Nothing is written to ${address}.`;
    return { data: { ...data, written: false }, text };
  }
  const { written } = await session.interruptible((signal) => publish(store, bundle, signal), "");
  const text = written
    ? `Written: ${address}, ${stacks.length} stacks, digest ${digest}`
    : `nothing to do: ${address} is there already, with digest ${digest}`;
  return { data: { ...data, written }, text };
}
