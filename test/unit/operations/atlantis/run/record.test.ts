import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newKey } from "../../../../../operations/atlantis/run/digest";
import {
  forgetPlan,
  readPlanned,
  readRecord,
  recordFile,
  writePlanned,
  writeWaiting,
  type PlannedRecord,
} from "../../../../../operations/atlantis/run/record";

let folder: string;
let planFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "skyline-record-"));
  planFile = join(folder, "development-mesh-default.tfplan");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const bound = {
  stack: "development-mesh",
  commit: "a".repeat(40),
  bundle: "b".repeat(64),
  reviewedAt: "2026-11-22T10:00:00.000Z",
};
const planned = { ...bound, key: newKey(), digest: `sha256:${"c".repeat(64)}` };

test("plan and record come back as they were written, and are for this user alone", async () => {
  await writePlanned(planFile, Buffer.from("plan"), planned);
  const record = await readRecord(planFile);
  expect(record).toMatchObject({ ...planned, status: "planned" });
  expect((await readPlanned(planFile, record as PlannedRecord)).toString()).toBe("plan");
  for (const file of [planFile, recordFile(planFile)]) {
    expect(statSync(file).mode & 0o777).toBe(0o600);
  }
  expect(readdirSync(folder)).toHaveLength(2);
});

test("a stack that waits has a record and no plan", async () => {
  await writeWaiting(planFile, { ...bound, waitsFor: "development-network" });
  expect(await readRecord(planFile)).toMatchObject({ status: "waits", waitsFor: "development-network" });
  expect(existsSync(planFile)).toBe(false);
});

test("a plan that is forgotten is no plan", async () => {
  await writePlanned(planFile, Buffer.from("plan"), planned);
  await forgetPlan(planFile);
  expect(readdirSync(folder)).toEqual([]);
  await expect(readRecord(planFile)).rejects.toMatchObject({ kind: "refused" });
  await forgetPlan(planFile);
});

test("what lies in their place, as a link to elsewhere, is replaced and not followed", async () => {
  const elsewhere = join(folder, "elsewhere");
  writeFileSync(elsewhere, "untouched");
  symlinkSync(elsewhere, planFile);
  symlinkSync(elsewhere, recordFile(planFile));
  await expect(readRecord(planFile)).rejects.toMatchObject({ kind: "refused" });
  await writePlanned(planFile, Buffer.from("plan"), planned);
  expect(readFileSync(elsewhere, "utf8")).toBe("untouched");
  expect(await readRecord(planFile)).toMatchObject(planned);
});

test.each<[string, (record: Record<string, unknown>) => unknown]>([
  ["a key more", (record) => ({ ...record, more: 1 })],
  ["a key less", ({ key: _, ...record }) => record],
  ["another version", (record) => ({ ...record, schemaVersion: 2 })],
  ["a status of nobody's", (record) => ({ ...record, status: "applied" })],
  ["a stack that is none", (record) => ({ ...record, stack: "../../etc" })],
  ["a short commit", (record) => ({ ...record, commit: "abc" })],
  ["a weak key", (record) => ({ ...record, key: "" })],
  ["no object", () => []],
])("a record with %s was changed", async (_, change) => {
  await writePlanned(planFile, Buffer.from("plan"), planned);
  const record = JSON.parse(readFileSync(recordFile(planFile), "utf8")) as Record<string, unknown>;
  writeFileSync(recordFile(planFile), JSON.stringify(change(record)));
  await expect(readRecord(planFile)).rejects.toMatchObject({ kind: "conflict" });
});

test.each<[string, (file: string) => void]>([
  ["changed", (file) => appendFileSync(file, ".")],
  ["gone", (file) => rmSync(file)],
])("a plan file that is %s is not the reviewed one", async (how, change) => {
  await writePlanned(planFile, Buffer.from("plan"), planned);
  const record = (await readRecord(planFile)) as PlannedRecord;
  change(planFile);
  await expect(readPlanned(planFile, record)).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining(how),
  });
});
