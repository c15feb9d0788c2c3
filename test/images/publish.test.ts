import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { isolated } from "../../operations/isolated";
import { pythonEnvironment } from "../../operations/local/python";
import { freePort } from "../../operations/ports";
import { aws } from "../support/aws-cli";
import { ManagedProcess } from "../support/process";

jest.setTimeout(300_000);

const ROOT = join(__dirname, "..", "..");
const REGIONS = ["eu-west-1", "eu-central-1"] as const;

let folder: string;
let emulator: ManagedProcess;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "skyline-publish-"));
  const { bin } = await pythonEnvironment(join(ROOT, "tools", "python"));
  const port = await freePort();
  emulator = await ManagedProcess.start({
    name: "moto",
    command: join(bin, "moto_server"),
    args: ["-H", "127.0.0.1", "-p", String(port)],
    logFile: join(folder, "moto.log"),
  });
  const url = `http://127.0.0.1:${port}`;
  await emulator.ready(() => fetch(`${url}/moto-api/data.json`));
  env = isolated({
    PATH: process.env.PATH,
    HOME: folder,
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
  });
});
afterAll(async () => {
  await emulator?.stop();
  await rm(folder, { recursive: true });
});

const image = async (region: string, name: string) =>
  (await aws<{ ImageId: string }>(env, ["ec2", "register-image"], { "--region": region, "--name": name }))
    .ImageId;

const publish = async (builds: readonly object[], credentials: NodeJS.ProcessEnv = {}) => {
  const file = join(folder, "manifest.json");
  await writeFile(file, JSON.stringify({ builds, last_run_uuid: "second" }));
  return promisify(execFile)(process.execPath, [join(ROOT, "images", "publish.mjs"), file], {
    env: { ...env, ...credentials },
  });
};

const parameter = async (region: string, name: string, credentials: NodeJS.ProcessEnv = {}) =>
  (
    await aws<{ Parameter: { Value: string } }>({ ...env, ...credentials }, ["ssm", "get-parameter"], {
      "--region": region,
      "--name": name,
    })
  ).Parameter.Value;

test("the images of the last run become the latest in each region, and no version is ever replaced", async () => {
  const [old, first, copy, arm] = [
    await image(REGIONS[0], "old"),
    await image(REGIONS[0], "first"),
    await image(REGIONS[1], "copy"),
    await image(REGIONS[0], "arm"),
  ];
  const about = { role: "etcd", version: "1.35.4-1", architecture: "amd64" };
  const builds = [
    { packer_run_uuid: "first", artifact_id: `${REGIONS[0]}:${old}`, custom_data: about },
    {
      packer_run_uuid: "second",
      artifact_id: `${REGIONS[0]}:${first},${REGIONS[1]}:${copy}`,
      custom_data: about,
    },
    {
      packer_run_uuid: "second",
      artifact_id: `${REGIONS[0]}:${arm}`,
      custom_data: { ...about, architecture: "arm64" },
    },
  ];
  await publish(builds);
  expect(await parameter(REGIONS[0], "/skyline/images/etcd/latest")).toBe(first);
  expect(await parameter(REGIONS[0], "/skyline/images/etcd/1.35.4-1")).toBe(first);
  expect(await parameter(REGIONS[1], "/skyline/images/etcd/latest")).toBe(copy);
  expect(await parameter(REGIONS[0], "/skyline/images/arm64/etcd/latest")).toBe(arm);

  const again = [{ ...builds[0], packer_run_uuid: "second" }];
  await expect(publish(again)).rejects.toMatchObject({ code: 1 });
  expect(await parameter(REGIONS[0], "/skyline/images/etcd/latest")).toBe(first);
  const next = [{ ...again[0], custom_data: { ...about, version: "1.35.4-2" } }];
  await publish(next);
  expect(await parameter(REGIONS[0], "/skyline/images/etcd/latest")).toBe(old);
  expect(await parameter(REGIONS[0], "/skyline/images/etcd/1.35.4-1")).toBe(first);
});

test("with the credentials of an account that the images are shared with, they are published there", async () => {
  const shared = await image(REGIONS[0], "shared");
  const { Credentials } = await aws<{ Credentials: Record<string, string> }>(env, ["sts", "assume-role"], {
    "--region": REGIONS[0],
    "--role-arn": "arn:aws:iam::222222222222:role/publisher",
    "--role-session-name": "test",
  });
  const other = {
    AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
    AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
    AWS_SESSION_TOKEN: Credentials.SessionToken,
  };
  const about = { role: "worker", version: "1.35.4-1", architecture: "amd64" };
  const build = { packer_run_uuid: "second", artifact_id: `${REGIONS[0]}:${shared}`, custom_data: about };
  await publish([build], other);
  expect(await parameter(REGIONS[0], "/skyline/images/worker/latest", other)).toBe(shared);
  await expect(parameter(REGIONS[0], "/skyline/images/worker/latest")).rejects.toThrow("ParameterNotFound");
});

test("a version that no environment file could name is refused", async () => {
  const about = { role: "etcd", version: "1.35", architecture: "amd64" };
  const build = { packer_run_uuid: "second", artifact_id: `${REGIONS[0]}:ami-1`, custom_data: about };
  await expect(publish([build])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("1.35 is no version of images") as string,
  });
});

test("a run that built nothing publishes nothing", async () => {
  await expect(publish([])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the last run built nothing") as string,
  });
});
