import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, rm } from "node:fs/promises";
import { z } from "zod";
import { OperationFailure } from "../../failure";
import { STACK_NAME } from "../stack-name";
import { writePrivately } from "./private-file";

const sha256 = z.string().regex(/^(sha256:)?[0-9a-f]{64}$/);
const bound = {
  schemaVersion: z.literal(1),
  stack: z.string().regex(STACK_NAME),
  commit: z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/),
  /** Digest of the commit's bundle. */
  bundle: sha256,
  /** ISO 8601. */
  reviewedAt: z.iso.datetime(),
};
const schema = z.discriminatedUnion("status", [
  z.strictObject({
    ...bound,
    status: z.literal("planned"),
    /** Of the plan file. */
    planSha256: sha256,
    /** Of this review's digest; base64. */
    key: z.base64().length(44),
    /** Of the normalised plan, under that key. */
    digest: sha256,
  }),
  z.strictObject({
    ...bound,
    status: z.literal("waits"),
    /** Stack that must be applied first. */
    waitsFor: z.string().regex(STACK_NAME),
  }),
]);

/**
 * What the plan step keeps for the apply step: of which code people have seen the plan, and its digest. It lies beside
 * the plan file, which nobody but Atlantis' own user may read either.
 */
export type PlanRecord = z.output<typeof schema>;
export type PlannedRecord = Extract<PlanRecord, { status: "planned" }>;
export type WaitingRecord = Extract<PlanRecord, { status: "waits" }>;

/** The record's file of a plan file. It does not end as Atlantis' plan files do, so Atlantis takes it for none. */
export const recordFile = (planFile: string) => `${planFile}.skyline.json`;

/**
 * Reads the record of a plan.
 *
 * @throws OperationFailure refused, when there is none; conflict, when it is not what the plan step has written
 */
export async function readRecord(planFile: string): Promise<PlanRecord> {
  const content = await readNoLink(recordFile(planFile));
  if (content === undefined) {
    throw new OperationFailure("refused", "there is no plan of this stack that was reviewed", PLAN);
  }
  const parsed = schema.safeParse(parsedJson(content.toString("utf8")));
  if (!parsed.success) {
    throw new OperationFailure("conflict", "the record of the reviewed plan was changed", PLAN_AGAIN);
  }
  return parsed.data;
}

const PLAN = "comment: atlantis plan";
const PLAN_AGAIN = "plan it again, and review that plan";

/** Puts the plan file into its place, then the record: what ends in between leaves a plan that cannot be applied. */
export async function writePlanned(
  planFile: string,
  plan: Buffer,
  record: Omit<PlannedRecord, "schemaVersion" | "status" | "planSha256">,
): Promise<void> {
  await writePrivately(planFile, plan);
  await writeRecord(planFile, { ...record, schemaVersion: 1, status: "planned", planSha256: sha256Of(plan) });
}

/** The record of a stack that cannot be planned yet. It has no plan file, so Atlantis counts it as not planned. */
export const writeWaiting = (
  planFile: string,
  record: Omit<WaitingRecord, "schemaVersion" | "status">,
): Promise<void> => writeRecord(planFile, { ...record, schemaVersion: 1, status: "waits" });

const writeRecord = (planFile: string, record: PlanRecord) =>
  writePrivately(recordFile(planFile), `${JSON.stringify(record)}\n`);

/** Removes plan and record, so that nothing is left to apply. */
export async function forgetPlan(planFile: string): Promise<void> {
  await rm(recordFile(planFile), { force: true });
  await rm(planFile, { force: true });
}

/**
 * The plan file that people have reviewed.
 *
 * @throws OperationFailure conflict, when it is another one by now
 */
export async function readPlanned(planFile: string, { planSha256 }: PlannedRecord): Promise<Buffer> {
  const content = await readNoLink(planFile);
  if (content === undefined || sha256Of(content) !== planSha256) {
    const how = content === undefined ? "is gone" : "was changed";
    throw new OperationFailure("conflict", `the plan file that was reviewed ${how}`, PLAN_AGAIN);
  }
  return content;
}

const sha256Of = (content: Buffer) => createHash("sha256").update(content).digest("hex");

/** @returns undefined when there is nothing, or a link */
async function readNoLink(path: string): Promise<Buffer | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (["ENOENT", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return undefined;
    }
    throw error;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
