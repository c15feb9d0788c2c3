import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateAddonCommand, CreateClusterCommand, EKSClient, ListAddonsCommand } from "@aws-sdk/client-eks";
import { startEmulator, type Emulator } from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { REPOSITORY } from "../support/terraform-project";

jest.setTimeout(120_000);

let folder: string;
let emulator: Emulator;

beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = "true";
  folder = mkdtempSync(join(tmpdir(), "skyline-emulator-"));
  const { bin } = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
  emulator = await startEmulator({ bin, account: "111111111111", folder });
});

afterAll(async () => {
  await emulator?.stop();
  await rm(folder, { recursive: true, force: true });
});

test("a create that is repeated with its token is answered as the first was; with another it is a conflict", async () => {
  const eks = new EKSClient({
    endpoint: emulator.eks,
    region: "us-east-1",
    credentials: { accessKeyId: "111111111111", secretAccessKey: "emulated" },
  });
  const roleArn = "arn:aws:iam::111111111111:role/x";
  await eks.send(
    new CreateClusterCommand({ name: "alpha", roleArn, resourcesVpcConfig: { subnetIds: ["subnet-1"] } }),
  );
  const create = (clientRequestToken: string) =>
    eks.send(new CreateAddonCommand({ clusterName: "alpha", addonName: "coredns", clientRequestToken }));

  const first = await create("one");
  expect((await create("one")).addon).toEqual(first.addon);
  await expect(create("two")).rejects.toMatchObject({ name: "ResourceInUseException" });
  expect((await eks.send(new ListAddonsCommand({ clusterName: "alpha" }))).addons).toEqual(["coredns"]);
});

test("what was started is stopped, and can be stopped again", async () => {
  await emulator.stop();
  await emulator.stop();
  for (const { pid } of emulator.processes) {
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  }
});
