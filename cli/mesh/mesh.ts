import type { Command } from "commander";
import { examples } from "../examples";
import type { Session } from "../session";
import { addAllowRemoval } from "./allow-removal";
import { addDown } from "./down";
import { addHandover } from "./handover";
import { addNodeFiles } from "./node-files";
import { addPublish } from "./publish";
import { addScale } from "./scale";
import { addStatus } from "./status";
import { addTrace } from "./trace";
import { addUp } from "./up";

/** `skyline mesh`: the service mesh, each command in a file of its own. */
export function meshCommand(program: Command, session: Session): void {
  const mesh = program
    .command("mesh")
    .description("try the mesh on this machine, hand names over, publish the nodes' files");
  addUp(mesh, session);
  addStatus(mesh, session);
  addTrace(mesh, session);
  addScale(mesh, session);
  addDown(mesh, session);
  addHandover(mesh, session);
  addPublish(mesh, session);
  addAllowRemoval(mesh, session);
  addNodeFiles(mesh, session);
  examples(mesh, "skyline mesh up", "skyline mesh handover organization --to kubernetes --env development");
}
