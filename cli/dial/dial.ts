import type { Command } from "commander";
import { examples } from "../examples";
import type { Session } from "../session";
import { addAbort } from "./abort";
import { addBack } from "./back";
import { addDrain } from "./drain";
import { addHold } from "./hold";
import { addLog } from "./log";
import { addRamp } from "./ramp";
import { addResume } from "./resume";
import { addSet } from "./set";
import { addStatus } from "./status";
import { addWatch } from "./watch";

/** `skyline dial`: how much of the Kubernetes traffic each cluster gets, each command in a file of its own. */
export function dialCommand(program: Command, session: Session): void {
  const dial = program
    .command("dial")
    .description("move traffic from one cluster to another, and look at where it goes");
  addStatus(dial, session);
  addSet(dial, session);
  addRamp(dial, session);
  addHold(dial, session);
  addResume(dial, session);
  addAbort(dial, session);
  addBack(dial, session);
  addDrain(dial, session);
  addLog(dial, session);
  addWatch(dial, session);
  examples(
    dial,
    'skyline dial set alpha=75 bravo=25 --env development --why "first real traffic for bravo"',
    'skyline dial ramp --to bravo --env development --why "bravo takes over"',
    "skyline dial drain alpha --env development",
  );
}
