import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { DialObserver, dialStatus, type DialSnapshot } from "../../operations/dial/status";
import { OperationFailure } from "../../operations/failure";
import { printable } from "../../operations/mesh/publish/diff";
import { examples } from "../examples";
import { exitCodes } from "../exit";
import { environmentOf } from "../environment-of";
import { seconds, wholeNumber } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";
import { directoryOption, environmentOption } from "./options";
import { statusLine, statusText } from "./status-text";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly watch?: true;
  readonly measure: number;
  readonly timeout: number;
}

/** `skyline dial status`: what is wanted, what gateways serve, and where traffic really goes. */
export function addStatus(dial: Command, session: Session): void {
  examples(
    dial
      .command("status")
      .description("show the weights, what each gateway serves, measured traffic, and who is changing it")
      .requiredOption(...environmentOption)
      .option("--watch", "show it each second until Ctrl-C; a line each time where there is no terminal")
      .option(
        "--measure <seconds>",
        "measure traffic for so long; 0 for not at all",
        wholeNumber("number of seconds", 0, 3600),
        2,
      )
      .option("--timeout <seconds>", "give up on an answer of Consul after this time", seconds, 10)
      .option(...directoryOption)
      .action(session.action((options: Options, command: Command) => status(options, command, session))),
    "skyline dial status --env development",
    "skyline dial status --env development --watch",
    "skyline dial status --env development --json | jq '.data.live.clusters'",
  );
}

async function status(options: Options, command: Command, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const { watch = false, measure, timeout } = options;
  const json = command.optsWithGlobals<{ json?: true }>().json === true;
  if (watch && json) {
    throw new OperationFailure(
      "invalid",
      "--watch never ends, and --json prints one document",
      `ask again and again: skyline dial status --env ${environment.environment} --json`,
    );
  }
  const consulFor = (signal: AbortSignal) =>
    new Consul({ datacenter: environment.environment, signal, timeoutMs: timeout * 1000 });
  if (!watch) {
    return session.interruptible(async (signal) =>
      resultOf(await dialStatus({ environment, consul: consulFor(signal) }, measure)),
    );
  }
  await session.interruptible(async (signal) => {
    const observer = new DialObserver({ environment, consul: consulFor(signal) }, Math.max(measure, 1));
    await watching(observer, session, signal);
  }, "");
  return { data: null, text: "" };
}

function resultOf(snapshot: DialSnapshot): Result {
  const { problem, gateways, environment } = snapshot;
  const behind = gateways.filter(({ follows }) => !follows);
  const errors = [
    ...(problem === null
      ? []
      : [
          {
            code: "problem",
            message: problem,
            hint: `skyline dial log --env ${environment}`,
            object: environment,
          },
        ]),
    ...behind.map(({ name, problem: why }) => ({
      code: "not-followed",
      message: why ?? "does not follow",
      hint: null,
      object: name,
    })),
  ];
  const text = printable(statusText(snapshot));
  return {
    data: snapshot,
    text,
    ...(errors.length === 0 ? {} : { exitCode: exitCodes.partial, errors }),
  };
}

const EVERY_MS = 1000;

/** Until the signal, or until nobody reads on. */
async function watching(observer: DialObserver, session: Session, signal: AbortSignal): Promise<void> {
  const nobody = new AbortController();
  process.stdout.once("error", () => nobody.abort());
  const ended = AbortSignal.any([signal, nobody.signal]);
  while (!ended.aborted) {
    const shown = await show(observer).catch((error: unknown) => {
      if (ended.aborted) return undefined;
      // On a screen that somebody watches, Consul's leader may be another in a moment.
      if (error instanceof OperationFailure && error.kind === "unreachable") return both(error.message);
      throw error;
    });
    if (shown !== undefined) session.print(process.stdout.isTTY ? redrawn(shown.text) : `${shown.line}\n`);
    await sleep(EVERY_MS, undefined, { signal: ended }).catch(() => undefined);
  }
}

async function show(observer: DialObserver) {
  const snapshot = await observer.snapshot();
  return { text: printable(statusText(snapshot)), line: printable(statusLine(snapshot)) };
}

const both = (message: string) => ({ text: message, line: `${new Date().toISOString()} ${message}` });

/** Over what was there, line by line, which does not flicker; what does not fit is cut off, and not wrapped. */
function redrawn(text: string): string {
  // A terminal that does not know its size says 0.
  const [columns, rows] = [process.stdout.columns || 80, process.stdout.rows || 24];
  const lines = text
    .split("\n")
    .slice(0, rows - 1)
    .map((line) => `${line.slice(0, columns)}\x1b[K\n`);
  return `\x1b[H${lines.join("")}\x1b[J`;
}
