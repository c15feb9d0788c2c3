import type { Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { readAudit, type AuditRecord } from "../../operations/dial/audit";
import { showWeights } from "../../operations/dial/weights";
import { printable } from "../../operations/mesh/publish/diff";
import { examples } from "../examples";
import { environmentOf } from "../environment-of";
import { seconds, wholeNumber } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";
import { table } from "../table";
import { directoryOption, environmentOption } from "./options";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly limit: number;
  readonly timeout: number;
}

/** `skyline dial log`: who has changed the dial, when and why. */
export function addLog(dial: Command, session: Session): void {
  examples(
    dial
      .command("log")
      .description("list the changes of the dial, newest first")
      .requiredOption(...environmentOption)
      .option("--limit <count>", "at most so many", wholeNumber("number of changes", 1, 100_000), 20)
      .option("--timeout <seconds>", "give up on an answer of Consul after this time", seconds, 10)
      .option(...directoryOption)
      .action(session.action((options: Options) => log(options, session))),
    "skyline dial log --env development",
    "skyline dial log --env production --limit 1000 --json",
  );
}

async function log(options: Options, session: Session): Promise<Result> {
  const { environment } = environmentOf(options);
  const records = await session.interruptible((signal) => {
    const consul = new Consul({ datacenter: environment, signal, timeoutMs: options.timeout * 1000 });
    return readAudit(consul, environment, options.limit);
  });
  const text =
    records.length === 0
      ? `the dial of ${environment} was never changed`
      : table(["generation", "at", "action", "by", "weights", "why"], records.map(row));
  return { data: { environment, records }, text: printable(text) };
}

const row = ({ generation, at, action, by, weights, why, override }: AuditRecord) => [
  String(generation),
  at.replace(/\.\d+Z$/, "Z"),
  action,
  by,
  showWeights(weights),
  override === null ? why : `${why} (override: ${override})`,
];
