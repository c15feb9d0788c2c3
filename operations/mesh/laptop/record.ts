import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SERVICE_NAME, SHORT_LABEL } from "../../../environment/naming";
import { OperationFailure } from "../../failure";
import { readState, type WorldState } from "../world-state";

const port = z.int().min(1).max(65_535);
const count = z.int().min(0).max(1000);
const label = z.string().regex(SHORT_LABEL);
const shares = z.record(label, count);

/** As `world-state.ts` writes it. What a command stops, starts and calls follows from it. */
const stateSchema = z.looseObject({
  format: z.literal(1),
  environment: label,
  domain: z.string(),
  network: z.object({ x: z.int().min(0).max(255), y: z.int().min(0).max(255) }),
  consulServers: count,
  consulAgents: z.boolean(),
  mesosNodes: count,
  gateways: count,
  workers: shares,
  weights: shares,
  service: z.object({ namespace: z.string(), port }),
  binaries: z.object({
    consul: z.string(),
    consulTemplate: z.string(),
    coredns: z.string(),
    nginx: z.string(),
  }),
  clusters: z.array(z.looseObject({ name: label, index: count, services: z.array(z.looseObject({})) })),
  instances: z.array(
    z.looseObject({
      id: z.string(),
      service: z.string().regex(SERVICE_NAME),
      version: z.string(),
      where: z.string(),
      kind: z.enum(["mesos", "kubernetes"]),
      address: z.ipv4(),
      port,
    }),
  ),
  counter: z.int(),
  startedAt: z.string(),
});

/** As `process-table.ts` writes it. Ids below 2 would be whole groups, or the machine's first process. */
const processesSchema = z.array(
  z.looseObject({
    name: z.string(),
    pid: z.int().min(2),
    identity: z.string().min(1),
    command: z.string(),
    args: z.array(z.string()),
    cwd: z.string(),
    logFile: z.string(),
  }),
);

/**
 * What a mesh in a folder of ours has noted, or undefined when it had not come to that.
 * @throws OperationFailure invalid, when somebody has damaged it
 */
export function recordOf(directory: string): WorldState | undefined {
  check(join(directory, "processes.json"), processesSchema);
  check(join(directory, "mesh.json"), stateSchema);
  return readState(directory);
}

function check(file: string, schema: z.ZodType): void {
  if (!existsSync(file)) return;
  let why: string | undefined;
  try {
    const issue = schema.safeParse(JSON.parse(readFileSync(file, "utf8"))).error?.issues[0];
    why = issue && [...(issue.path.length > 0 ? [issue.path.join(".")] : []), issue.message].join(": ");
  } catch (error) {
    why = (error as Error).message;
  }
  if (why !== undefined) {
    throw new OperationFailure(
      "invalid",
      `${file} is damaged: ${why}`,
      "end the processes that work below that folder, and remove it by hand",
    );
  }
}
