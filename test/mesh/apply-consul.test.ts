import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { renderConsulTemplate } from "../../environment/mesh/consul-template";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { consul } from "../support/consul";
import { binaryOf, goTool } from "../support/go-tool";
import { ENVIRONMENT, MeshNode, NODE_CODE } from "../support/mesh-node";
import { ManagedProcess, waitUntil } from "../support/process";

jest.setTimeout(120_000);

// A real agent and consul-template in front of the apply step.

let node: MeshNode;
let agent: ManagedProcess | undefined;
let template: ManagedProcess;

const startConsul = async () => {
  writeFileSync(
    join(node.directory, "consul.json"),
    JSON.stringify({ limits: { http_max_conns_per_client: 15000 } }),
  );
  agent = await ManagedProcess.start({
    name: "consul",
    command: binaryOf(await goTool("consul")),
    args: [
      "agent",
      "-dev",
      `-bind=${node.address}`,
      `-client=${node.address}`,
      "-node=one",
      `-config-file=${join(node.directory, "consul.json")}`,
    ],
    logFile: join(node.log, "consul.log"),
  });
  await waitUntil("Consul has a leader", async () => {
    const { text } = await consul(node, "GET", "/v1/status/leader");
    if (!text.includes(":")) {
      throw new Error(text);
    }
  });
};

const put = async (path: string, body: unknown) => {
  const { status, text } = await consul(node, "PUT", path, { body });
  if (status !== 200) {
    throw new Error(`PUT ${path}: ${status} ${text}`);
  }
};

const register = (name: string, more: Record<string, unknown> = {}) =>
  put("/v1/agent/service/register", {
    Name: name,
    Tags: ["skyline"],
    Address: "10.0.0.1",
    Port: 31000,
    ...more,
  });

const settled = (what: string, services: readonly string[]) =>
  waitUntil(what, async () => {
    // As the timer does: the changes of this file come faster than reloads may.
    await node.apply();
    expect([node.live(), node.services()]).toEqual([await node.serving(), services]);
  });

beforeAll(async () => {
  node = await MeshNode.create();
  await node.apply("--boot");
  await node.start();
  const file = join(node.directory, "etc", "consul-template.hcl");
  writeFileSync(
    file,
    renderConsulTemplate(dataPlaneFile("node/consul-template.hcl"), {
      consul: `${node.address}:8500`,
      tokenFile: "",
      code: NODE_CODE,
      state: node.state,
      node: node.file,
    }),
  );
  template = await ManagedProcess.start({
    name: "consul-template",
    command: binaryOf(await goTool("consul-template")),
    args: [`-config=${file}`],
    logFile: join(node.log, "consul-template.log"),
    env: { SKYLINE_ENVIRONMENT: ENVIRONMENT, SKYLINE_ROLE: node.role },
  });
});

afterAll(async () => {
  await template.stop();
  await agent?.stop();
  await node.close();
});

test("with Consul down NGINX serves the first generation, and consul-template waits", async () => {
  const { live, boot } = await node.status();
  expect(boot).toBe(true);
  expect(await node.serving()).toBe(live);
  await waitUntil("consul-template has tried", async () => {
    expect(template.lastLines(50)).toMatch(/retry/);
  });
});

test("when Consul comes, what it knows comes in force, whatever else is registered there", async () => {
  await startConsul();
  await register("foo");
  await register("bar", { Address: "10.0.0.2", Tags: ["skyline", "v1"] });
  await register("untagged", { Tags: [] });
  await register("dotted.name@dc1~near", { ID: "dotted" });
  await register("UPPER");
  await register(`evil";\n} {{ key "x" }}`, { ID: "evil" });
  await put(`/v1/kv/skyline/${ENVIRONMENT}/services/bar`, `"; } {{ key "x" }}\n{"end":1}\n`);
  await register("critical", { Check: { TTL: "10m", Status: "critical" } });
  await register("kubernetes-worker", {
    Tags: [],
    Address: "10.1.0.1",
    Port: 5041,
    Meta: { cluster: "alpha" },
  });
  await put(`/v1/kv/skyline/${ENVIRONMENT}/dial`, { generation: 1, weights: { alpha: 100 } });
  await put(`/v1/kv/skyline/${ENVIRONMENT}/services/foo`, { retries: 0 });
  await settled("foo and bar are live", ["bar", "foo"]);
  await waitUntil("the rest is live", async () => {
    expect(JSON.parse(node.liveFile("model.json"))).toEqual({
      services: { bar: [["10.0.0.2", 31000, "one"]], foo: [["10.0.0.1", 31000, "one"]] },
      clusters: { alpha: [["10.1.0.1", 5041]] },
      weights: { alpha: 100 },
      dialGeneration: 1,
      settings: { foo: [1, 60, 60, 0, null, null, null] },
      boot: false,
    });
  });
});

test("a service that goes is taken out", async () => {
  await put("/v1/agent/service/deregister/bar", "");
  await settled("foo alone is live", ["foo"]);
});

test("a published file is laid out, a published nginx.conf is used, and a deleted file goes", async () => {
  const key = `/v1/kv/skyline/${ENVIRONMENT}/files/gateway`;
  await put(`${key}/motd/hello.txt`, "hello");
  await put(`${key}/nginx.conf`, `# published\n${node.nginxConf}`);
  await waitUntil("the published nginx.conf serves", async () => {
    await node.apply();
    expect(node.liveFile("nginx.conf")).toMatch(/^# published\n/);
    expect(await node.serving()).toBe(node.live());
  });
  expect(node.published("motd/hello.txt")).toBe("hello");
  await consul(node, "DELETE", `${key}/motd/hello.txt`);
  await waitUntil("the file is gone", async () => {
    expect(node.published("motd/hello.txt")).toBeUndefined();
  });
});
