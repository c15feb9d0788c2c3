import { readFileSync } from "node:fs";
import { relative } from "node:path";
import Sequencer from "@jest/test-sequencer";

/** Seconds that files take on an idle machine with two cores, where it is long. */
const { waiting, working } = JSON.parse(readFileSync(new URL("seconds.json", import.meta.url), "utf8"));

/** Of a file that the table does not name, seconds. */
const SHORT = 3;

/**
 * Starts the longest files first, so that none of them is what a run waits for at its end, and so that those which mostly
 * wait (for the pauses that are built into Terraform's provider, or through minutes that a test demands) do so beside
 * those that need a core. Of a fresh clone jest itself knows nothing but the sizes of the files.
 */
export default class LongestFirst extends Sequencer {
  constructor(options) {
    super(options);
    this.workers = options.globalConfig.maxWorkers;
  }

  sort(tests) {
    // As jest has it, for those that the table does not name.
    const entries = super.sort(tests).map((test) => {
      const file = relative(test.context.config.rootDir, test.path).replaceAll("\\", "/");
      return { test, waits: file in waiting, seconds: waiting[file] ?? working[file] ?? SHORT };
    });
    return plan(entries, this.workers).map(({ test }) => test);
  }
}

/** In the order in which workers take them, so that all but two of them, one at least, have one that waits. */
function plan(entries, workers) {
  const longestFirst = entries.toSorted((one, other) => other.seconds - one.seconds);
  const waiting = longestFirst.filter(({ waits }) => waits);
  const working = longestFirst.filter(({ waits }) => !waits);
  const lanes = Math.max(1, workers - 2);
  const order = [];
  let running = [];
  let now = 0;
  while (waiting.length + working.length > 0) {
    if (running.length === workers) {
      now = Math.min(...running.map(({ ends }) => ends));
      running = running.filter(({ ends }) => ends > now);
    }
    const laneIsFree = running.filter(({ waits }) => waits).length < lanes;
    const queue = working.length === 0 || (laneIsFree && waiting.length > 0) ? waiting : working;
    const next = queue.shift();
    order.push(next);
    running.push({ waits: next.waits, ends: now + next.seconds });
  }
  return order;
}
