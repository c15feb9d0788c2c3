import type { Command } from "commander";
import { Consul } from "../../operations/consul/client";
import { dialActions } from "../../operations/dial/page/dial-actions";
import { openInBrowser } from "../../operations/dial/page/open";
import { DialPage } from "../../operations/dial/page/server";
import { DialObserver } from "../../operations/dial/status";
import { OperationFailure } from "../../operations/failure";
import { checkWords } from "../../operations/mesh/removal/removal";
import { caller } from "../caller";
import { asksFirst } from "../confirm";
import { examples } from "../examples";
import { environmentOf } from "../environment-of";
import { wholeNumber } from "../values";
import type { Result } from "../output";
import type { Session } from "../session";
import { directoryOption, environmentOption } from "./options";

interface Options {
  readonly env: string;
  readonly directory: string;
  readonly open?: true;
  readonly port: number;
  readonly by?: string;
}

/** An answer of Consul that is later than this is no picture of now. */
const TIMEOUT_MS = 3000;
/** Seconds that the live figures are of. */
const WINDOW = 10;

/** `skyline dial watch`: the dial as a page in a browser. */
export function addWatch(dial: Command, session: Session): void {
  examples(
    dial
      .command("watch")
      .description(
        "serve a page on this machine with weights, live traffic, gateways and buttons, until Ctrl-C",
      )
      .requiredOption(...environmentOption)
      .option("--open", "open it in a browser")
      .option("--port <port>", "port on 127.0.0.1 (default: any)", wholeNumber("port", 1, 65_535), 0)
      .option("--by <who>", "who acts by the page's buttons (default: your user name and host)")
      .option(...directoryOption)
      .action(session.action((options: Options) => watch(options, session))),
    "skyline dial watch --open --env development",
    "skyline dial watch --port 8123 --env production  # there; here: ssh -L 8123:127.0.0.1:8123 there",
  );
}

function watch(options: Options, session: Session): Promise<Result> {
  const environment = environmentOf(options);
  const name = environment.environment;
  const { by = caller(), port, open = false } = options;
  checkWords("--by", by);
  return session.interruptible(async (signal) => {
    const consulOf = (until: AbortSignal, timeoutMs?: number) =>
      new Consul({ datacenter: name, signal: until, timeoutMs });
    const observer = new DialObserver({ environment, consul: consulOf(signal, TIMEOUT_MS) }, WINDOW);
    const page = await DialPage.start({
      ...{ environment: name, confirms: asksFirst(name), by, port },
      observe: () => observer.snapshot(),
      actions: dialActions(environment, consulOf),
    });
    session.talk(`The dial of ${name}, until Ctrl-C. Who has this address may move traffic:`);
    session.talk(page.url);
    const forget = open ? await opened(page.url, session) : undefined;
    try {
      await aborted(signal);
    } finally {
      await page.close();
      await forget?.();
    }
    throw new OperationFailure("interrupted", "the page has ended; the dial stays as it is");
  });
}

/** A machine without a browser is no reason to end: the address can be opened elsewhere. */
async function opened(url: string, session: Session): Promise<(() => Promise<void>) | undefined> {
  try {
    return await openInBrowser(url);
  } catch (error) {
    session.talk(`No browser: ${(error as Error).message}. Open the address yourself.`);
    return undefined;
  }
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
