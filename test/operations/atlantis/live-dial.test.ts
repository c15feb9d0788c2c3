import { liveDial } from "../../../operations/atlantis/run/live-dial";
import { ConsulServer } from "../../support/consul-server";

jest.setTimeout(60_000);

const ENVIRONMENT = "x-cluster-y";

let consul: ConsulServer;
let environment: NodeJS.ProcessEnv;

beforeAll(async () => {
  consul = await ConsulServer.start(ENVIRONMENT);
  environment = { ...process.env };
  Object.assign(process.env, consul.env);
});
afterAll(async () => {
  process.env = environment;
  await consul?.stop();
});

const written = (generation: number, alpha: number) => ({
  ...{ generation, weights: { alpha, bravo: 100 - alpha }, by: "anna", why: "a test" },
  at: "2026-11-22T12:00:00Z",
});
const put = (path: string, value: unknown) =>
  consul.call("PUT", `/v1/kv/skyline/${ENVIRONMENT}/${path}`, value);
const asked = () => liveDial(ENVIRONMENT, new AbortController().signal);

test("the weights of a dial are those that gateways go by, also when its key is gone or broken", async () => {
  expect(await asked()).toEqual({});

  const record = { ...written(7, 60), action: "set", from: null, run: null, override: null };
  await put("audit/dial/7", record);
  await put("dial", written(8, 25));
  expect(await asked()).toEqual({ [ENVIRONMENT]: { alpha: 25, bravo: 75 } });

  await consul.call("DELETE", `/v1/kv/skyline/${ENVIRONMENT}/dial`);
  expect(await asked()).toEqual({ [ENVIRONMENT]: { alpha: 60, bravo: 40 } });

  await put("audit/dial/9", { ...record, weights: "none" });
  await expect(asked()).rejects.toMatchObject({
    kind: "refused",
    message: expect.stringContaining("its key is gone, and its last record"),
  });

  await put("dial", "no dial at all");
  await expect(asked()).rejects.toMatchObject({ kind: "refused" });
});
