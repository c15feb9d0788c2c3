import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { renderConsulAgent } from "../../constructs/cluster/consul-agent/agent";
import { renderConsulAcl } from "../../constructs/mesh/consul-acl";
import {
  asFile,
  consulGateway,
  consulMesosNode,
  renderConsulServer,
} from "../../environment/mesh/consul-configuration";
import {
  startEmulator,
  emulatorEnvironment,
  makeBucket,
  type Emulator,
} from "../../operations/local/emulator";
import { pythonEnvironment } from "../../operations/local/python";
import { aws } from "../support/aws-cli";
import { consul, ConsulWorld, logged, read, type ConsulAgent, type ConsulNode } from "../support/consul";
import { waitUntil } from "../support/process";
import { REPOSITORY } from "../support/terraform-project";

jest.setTimeout(300_000);

const ENVIRONMENT = "example";
const place = { environment: ENVIRONMENT, region: "us-east-1" };
const serverAddresses = ["127.57.0.1", "127.57.0.2", "127.57.0.3"];
const KEY = "/v1/kv/skyline/example/dial";
const ELSEWHERE = "/v1/kv/elsewhere";

let world: ConsulWorld;
let servers: ConsulAgent[];
let bridge: Server;

const server = (address: string, instance: string): ConsulNode => ({
  address,
  instance,
  role: "consul",
  configuration: renderConsulServer({ ...place, servers: 3 }),
  secret: world.secret("servers"),
});
const worker = (address: string, instance: string, secret = world.secret("workers")): ConsulNode => ({
  address,
  instance,
  role: "worker",
  configuration: renderConsulAgent({ ...place, clusterName: "alpha" }),
  secret,
});

/** A server and its start as the units make it: consul-setup, then consul-ready. */
async function startServer(address: string, instance: string): Promise<ConsulAgent> {
  const agent = await world.start(server(address, instance));
  const acl = join(world.root, "consul-acl.json");
  writeFileSync(acl, renderConsulAcl(ENVIRONMENT));
  await world.script(agent, "consul-setup", { CONSUL_ACL_FILE: acl });
  await world.script(agent, "consul-ready");
  return agent;
}

const management = () => world.managementToken;
const voters = async (agent: ConsulAgent) => {
  const health = await read<{ Servers: { Name: string; Voter: boolean; Healthy: boolean }[] }>(
    agent,
    "/v1/operator/autopilot/health",
    management(),
  );
  return health.Servers.filter(({ Voter, Healthy }) => Voter && Healthy)
    .map(({ Name }) => Name)
    .sort();
};
const untilVoters = (agent: ConsulAgent, expected: readonly string[]) =>
  waitUntil(
    `the voters are ${expected.join(", ")}`,
    async () => {
      const found = await voters(agent);
      if (JSON.stringify(found) !== JSON.stringify([...expected].sort())) {
        throw new Error(`they are ${found.join(", ")}`);
      }
    },
    { timeoutMs: 90_000 },
  );
const isLeader = async (agent: ConsulAgent) =>
  (await read<{ Stats: { consul: { leader: string } } }>(agent, "/v1/agent/self", management())).Stats.consul
    .leader === "true";
const nodes = async () =>
  (await read<{ Node: string }[]>(servers[0] as ConsulAgent, "/v1/catalog/nodes", management())).map(
    ({ Node }) => Node,
  );
const workers = async () =>
  (
    await read<{ Node: string }[]>(
      servers[0] as ConsulAgent,
      "/v1/catalog/service/kubernetes-worker",
      management(),
    )
  ).map(({ Node }) => Node);
const alive = () => servers.filter(({ process }) => process.running);

beforeAll(async () => {
  world = await ConsulWorld.create(ENVIRONMENT, serverAddresses);
  // The bridge of the one worker that has one.
  bridge = createServer((_, response) => response.end("ready\n"));
  await new Promise<void>((resolve) => bridge.listen(5044, "127.57.1.1", resolve));
  servers = await Promise.all(serverAddresses.map((address, index) => startServer(address, `i-${index}`)));
});

afterAll(async () => {
  await world?.stop();
  await new Promise((resolve) => bridge?.close(resolve));
});

test("three servers with the rendered configuration are voters of one quorum", async () => {
  await untilVoters(servers[0] as ConsulAgent, ["consul-i-0", "consul-i-1", "consul-i-2"]);
});

test("consul-setup has made each token once, though three servers ran it at once, and changes nothing when run again", async () => {
  const tokens = await read<{ Description: string }[]>(
    servers[1] as ConsulAgent,
    "/v1/acl/tokens",
    management(),
  );
  expect(tokens.filter(({ Description }) => Description.includes("consul-setup"))).toHaveLength(6);
  const again = await world.script(servers[2] as ConsulAgent, "consul-setup", {
    CONSUL_ACL_FILE: join(world.root, "consul-acl.json"),
  });
  expect(again).toBe("");
});

test("consul-setup changes a policy that differs", async () => {
  const [first] = servers as [ConsulAgent];
  const policy = await read<{ ID: string }>(first, "/v1/acl/policy/name/skyline-worker", management());
  await consul(first, "PUT", `/v1/acl/policy/${policy.ID}`, {
    token: management(),
    body: { ...policy, Rules: 'operator = "write"' },
  });
  const said = await world.script(first, "consul-setup", {
    CONSUL_ACL_FILE: join(world.root, "consul-acl.json"),
  });
  expect(said).toBe("changed policy skyline-worker\n");
});

describe("what a token may do", () => {
  beforeAll(async () => {
    for (const path of [KEY, ELSEWHERE]) {
      expect(
        await consul(servers[0] as ConsulAgent, "PUT", path, { token: management(), body: "1" }),
      ).toEqual({
        status: 200,
        text: "true",
      });
    }
  });
  const may = async (method: "GET" | "PUT", path: string, token?: string, body?: unknown) =>
    (await consul(servers[0] as ConsulAgent, method, path, { token, body })).status;
  const gateway = () => world.secret("gateways")["agent.token"];
  const ofWorkers = () => world.secret("workers")["agent.token"];

  test("nobody's may nothing", async () => {
    expect(await may("GET", KEY)).toBe(403);
    expect(await may("PUT", KEY, undefined, "2")).toBe(403);
    expect((await consul(servers[0] as ConsulAgent, "GET", "/v1/catalog/nodes")).text).toBe("[]");
    expect(await may("GET", "/v1/agent/self")).toBe(403);
    expect(await may("GET", KEY, "00000000-0000-4000-8000-000000000000")).toBe(403);
  });

  test("a gateway's may read the environment's keys, and write none", async () => {
    expect(await may("GET", KEY, gateway())).toBe(200);
    expect(await may("GET", ELSEWHERE, gateway())).toBe(403);
    expect(await may("PUT", KEY, gateway(), "2")).toBe(403);
  });

  test("a worker's may register workers, and neither keys, other services nor other nodes", async () => {
    const register = (Node: string, Service?: object) =>
      may("PUT", "/v1/catalog/register", ofWorkers(), { Node, Address: "10.0.0.9", Service });
    expect(await may("GET", KEY, ofWorkers())).toBe(403);
    expect(await register("worker-i-9")).toBe(200);
    expect(await register("gateway-i-9")).toBe(403);
    expect(await register("consul-i-0")).toBe(403);
    expect(await register("worker-i-9", { Service: "organization", Port: 80 })).toBe(403);
  });

  test("a Mesos node's may read the environment's keys and write its own kind of node, and neither services nor keys", async () => {
    const token = world.secret("mesos")["agent.token"];
    const register = (Node: string, Service?: object) =>
      may("PUT", "/v1/catalog/register", token, { Node, Address: "10.0.0.8", Service });
    expect(await may("GET", KEY, token)).toBe(200);
    expect(await may("PUT", KEY, token, "2")).toBe(403);
    expect(await register("mesos-i-8")).toBe(200);
    expect(await register("gateway-i-8")).toBe(403);
    expect(await register("mesos-i-8", { Service: "organization", Port: 80 })).toBe(403);
  });

  test("an operator's may write the environment's keys and hold a lock, and neither other keys, services, nodes nor rights", async () => {
    const token = world.secret("operators")["operator.token"];
    const [server] = servers as [ConsulAgent];
    const session = await consul(server, "PUT", "/v1/session/create", {
      ...{ token, body: { Name: "lock", TTL: "10s", LockDelay: "0s" } },
    });
    expect(session.status).toBe(200);
    const { ID } = JSON.parse(session.text) as { ID: string };
    const lock = `${KEY.replace("dial", "lock")}?acquire=${ID}`;
    expect(await consul(server, "PUT", lock, { token, body: "1" })).toEqual({ status: 200, text: "true" });
    const transaction = [
      { KV: { Verb: "check-session", Key: "skyline/example/lock", Session: ID } },
      { KV: { Verb: "set", Key: "skyline/example/dial", Value: "MQ==" } },
      { KV: { Verb: "set", Key: "skyline/example/audit/dial/1", Value: "MQ==" } },
    ];
    expect(await may("PUT", "/v1/txn", token, transaction)).toBe(200);
    expect(await may("PUT", `/v1/session/renew/${ID}`, token)).toBe(200);
    expect(await may("PUT", `/v1/session/destroy/${ID}`, token)).toBe(200);
    for (const key of ["lock", "audit/dial/1"]) {
      const { status } = await consul(server, "DELETE", KEY.replace("dial", key), { token });
      expect(status).toBe(200);
    }
    const nodes = await read<unknown[]>(server, "/v1/catalog/nodes", token ?? "");
    expect(nodes.length).toBeGreaterThan(0);
    expect(await may("GET", "/v1/health/service/consul", token)).toBe(200);

    expect(await may("PUT", ELSEWHERE, token, "2")).toBe(403);
    expect(await may("GET", ELSEWHERE, token)).toBe(403);
    for (const Service of [
      { Service: "skyline-gateway" },
      { Service: "kubernetes-worker" },
      { Service: "organization" },
    ]) {
      expect(
        await may("PUT", "/v1/catalog/register", token, { Node: "worker-i-9", Address: "10.0.0.7", Service }),
      ).toBe(403);
    }
    expect(await may("PUT", "/v1/agent/leave", token)).toBe(403);
    expect(await may("GET", "/v1/acl/tokens", token)).toBe(403);
  });

  test("a gateway's may register gateways, and no other service", async () => {
    const register = (Service: object) =>
      may("PUT", "/v1/catalog/register", gateway(), { Node: "gateway-i-7", Address: "10.0.0.7", Service });
    expect(await register({ Service: "skyline-gateway", Port: 5042 })).toBe(200);
    expect(await register({ Service: "kubernetes-worker", Port: 5041 })).toBe(403);
    expect(await register({ Service: "organization", Port: 80 })).toBe(403);
    expect(await may("PUT", "/v1/catalog/deregister", gateway(), { Node: "gateway-i-7" })).toBe(200);
  });

  test("what registers its services may register any but the mesh's own and Consul itself, and reads no keys", async () => {
    const token = world.secret("mesos")["services.token"];
    const register = (service: string) =>
      may("PUT", "/v1/agent/service/register", token, { Name: service, Port: 31001, Tags: ["skyline"] });
    expect(await register("kubernetes-worker")).toBe(403);
    expect(await register("skyline-gateway")).toBe(403);
    expect(await register("consul")).toBe(403);
    expect(await register("organization")).toBe(200);
    expect(await may("PUT", "/v1/agent/service/deregister/organization", token)).toBe(200);
    expect(await may("GET", KEY, token)).toBe(403);
  });
});

describe("a worker", () => {
  test("registers as kubernetes-worker of its cluster while its bridge answers", async () => {
    await world.start(worker("127.57.1.1", "i-10"));
    const entries = await waitUntil(
      "the worker is healthy",
      async () => {
        const found = await read<{ Service: object; Node: object }[]>(
          servers[0] as ConsulAgent,
          "/v1/health/service/kubernetes-worker?passing",
          management(),
        );
        if (found.length === 0) throw new Error("no healthy worker");
        return found;
      },
      { timeoutMs: 60_000 },
    );
    expect(entries).toMatchObject([
      {
        Node: { Node: "worker-i-10", Address: "127.57.1.1", Datacenter: ENVIRONMENT },
        Service: { Service: "kubernetes-worker", Port: 5041, Meta: { cluster: "alpha" } },
      },
    ]);
  });

  test("is no way into Consul for who asks its agent without a token", async () => {
    const agent = { address: "127.57.1.1" };
    expect((await consul(agent, "GET", KEY)).status).toBe(403);
    expect(
      (await consul(agent, "PUT", "/v1/agent/service/register", { body: { Name: "kubernetes-worker" } }))
        .status,
    ).toBe(403);
  });

  test("without a token that Consul knows gets no certificate, and is not registered", async () => {
    const secret = { ...world.secret("workers"), "agent.token": "00000000-0000-4000-8000-000000000000" };
    const agent = await world.start(worker("127.57.1.2", "i-11", secret));
    await logged(agent, /AutoEncrypt\.Sign.*(ACL not found|Permission denied)/);
    expect(await nodes()).not.toContain("worker-i-11");
    await agent.process.stop();
  });

  test("without the gossip key is no member", async () => {
    const secret = { ...world.secret("workers"), "gossip.key": Buffer.alloc(32, 7).toString("base64") };
    const agent = await world.start(worker("127.57.1.3", "i-12", secret));
    await logged(agent, /No installed keys could decrypt|remote state is encrypted|Failed to join/i);
    const members = await read<{ Name: string }[]>(
      servers[0] as ConsulAgent,
      "/v1/agent/members",
      management(),
    );
    expect(members.map(({ Name }) => Name)).not.toContain("worker-i-12");
    expect(members.map(({ Name }) => Name)).toContain("worker-i-10");
    await agent.process.stop();
  });

  test("without a certificate reaches no server, though it has key and token", async () => {
    const configuration = JSON.parse(worker("", "").configuration) as Record<string, unknown>;
    const plain = { ...configuration, tls: {}, auto_encrypt: {} };
    const agent = await world.start({
      ...worker("127.57.1.4", "i-13"),
      configuration: JSON.stringify(plain),
    });
    await logged(agent, /rpc error|RPC failed/i);
    expect(await workers()).toEqual(["worker-i-10"]);
    await agent.process.stop();
  });
});

test("a gateway's agent registers the gateway while its NGINX answers, and consul-template's token is put where it reads it", async () => {
  const nginx = createServer((_, response) => response.end("ok\n"));
  await new Promise<void>((resolve) => nginx.listen(5044, "127.57.2.1", resolve));
  const agent = await world.start({
    address: "127.57.2.1",
    instance: "i-20",
    role: "gateway",
    configuration: asFile(consulGateway(place)),
    secret: world.secret("gateways"),
  });
  const passing = () =>
    read<object[]>(servers[0] as ConsulAgent, "/v1/health/service/skyline-gateway?passing", management());
  await waitUntil("the gateway is registered", async () =>
    expect(await passing()).toMatchObject([
      {
        Node: { Node: "gateway-i-20", Address: "127.57.2.1" },
        Service: { ID: "skyline-gateway", Address: "", Port: 5042, Tags: [] },
      },
    ]),
  );
  nginx.close();
  nginx.closeAllConnections();
  await waitUntil("it is not healthy any more", async () => expect(await passing()).toEqual([]), {
    timeoutMs: 60_000,
  });
  await agent.process.stop();
});

describe("a Mesos node", () => {
  const ADDRESS = "127.57.3.1";
  const INSTANCE = "/v1/catalog/service/organization";
  const CHECKS = "/v1/health/checks/organization";
  const node = (): ConsulNode => ({
    address: ADDRESS,
    instance: "i-30",
    role: "mesos",
    configuration: asFile(consulMesosNode(place)),
    secret: world.secret("mesos"),
  });
  const ofServers = <T>(path: string) => read<T>(servers[0] as ConsulAgent, path, management());
  const entry = async () => {
    const [found] = await ofServers<{ Node: string; CreateIndex: number }[]>(INSTANCE);
    if (found === undefined) throw new Error("the instance is not in the catalogue");
    return found;
  };
  const passing = async () => {
    const [check] = await ofServers<{ Status: string; ModifyIndex: number }[]>(CHECKS);
    if (check?.Status !== "passing") throw new Error(`its check is ${check?.Status}`);
    return check;
  };
  let agent: ConsulAgent;
  let application: Server;

  beforeAll(async () => {
    application = createServer((_, response) => response.end("ok\n"));
    await new Promise<void>((resolve) => application.listen(31001, ADDRESS, resolve));
    agent = await world.start(node());
    await waitUntil("an instance is registered", async () => {
      const { status, text } = await consul(agent, "PUT", "/v1/agent/service/register", {
        token: world.secret("mesos")["services.token"],
        body: {
          ...{ ID: "organization-1", Name: "organization", Port: 31001, Tags: ["skyline"] },
          Check: { HTTP: `http://${ADDRESS}:31001/`, Interval: "1s", Timeout: "1s" },
        },
      });
      if (status !== 200) throw new Error(text);
    });
    await waitUntil("the instance is healthy", passing);
  });
  afterAll(() => new Promise((resolve) => application?.close(resolve)));

  test("takes up its configuration anew with its instance as healthy as before, all the time", async () => {
    const before = await passing();
    // Services, not the node's meta: an agent tells of those at once, and of its meta within two minutes.
    const token = world.secret("mesos")["services.token"];
    const register = (name: string) =>
      consul(agent, "PUT", "/v1/agent/service/register", {
        token,
        body: { ID: name, Name: name, Port: 31002 },
      });
    const known = (name: string) =>
      waitUntil(`the servers know ${name}`, async () =>
        expect(await ofServers(`/v1/catalog/service/${name}`)).toHaveLength(1),
      );
    const changed = { service: { id: "rack", name: "rack", port: 31002, token } };
    writeFileSync(join(world.root, "i-30", "consul.d", "rack.json"), JSON.stringify(changed));
    process.kill(agent.process.pid, "SIGHUP");
    await known("rack");
    // An agent tells of what changed in any order. When it tells of this one, all of the reload has been told.
    expect((await register("afterwards")).status).toBe(200);
    await known("afterwards");
    // Set by each change of the check.
    expect((await passing()).ModifyIndex).toBe(before.ModifyIndex);
  });

  test("keeps its instance in the catalogue when its agent is restarted", async () => {
    const before = await entry();
    await agent.process.stop();
    agent = await world.start(node());
    await waitUntil("the new agent has asked the instance", async () =>
      expect(await read(agent, "/v1/agent/health/service/id/organization-1", management())).toMatchObject({
        AggregatedStatus: "passing",
      }),
    );
    await waitUntil("the instance is healthy", passing);
    // Set when it is registered: another one would say that it has been gone.
    expect((await entry()).CreateIndex).toBe(before.CreateIndex);
  });
});

describe("snapshots", () => {
  let emulator: Emulator;
  let env: NodeJS.ProcessEnv;
  const bucket = "example-consul-111111111111";

  beforeAll(async () => {
    const python = await pythonEnvironment(join(REPOSITORY, "tools", "python"));
    emulator = await startEmulator({ bin: python.bin, account: "111111111111", folder: world.root });
    env = emulatorEnvironment(emulator, "111111111111", "us-east-1");
    await makeBucket(emulator, bucket);
  });
  afterAll(() => emulator?.stop());

  test("are saved by the leader alone, encrypted, and can be read back", async () => {
    for (const agent of servers) {
      await world.script(agent, "consul-snapshot", {
        ...env,
        SKYLINE_SNAPSHOT_BUCKET: bucket,
        SKYLINE_SNAPSHOT_KEY_ARN: "arn:aws:kms:us-east-1:111111111111:key/1",
      });
    }
    const { Contents: objects } = await aws<{ Contents: { Key: string }[] }>(
      env,
      ["s3api", "list-objects-v2"],
      {
        "--bucket": bucket,
      },
    );
    expect(objects.map(({ Key }) => Key)).toEqual([
      expect.stringMatching(/^example\/\d{4}\/\d\d\/\d\d\/\d{8}T\d{6}Z\.snap$/),
    ]);
    const file = join(world.root, "restored.snap");
    const [{ Key: key }] = objects as [{ Key: string }];
    const { SSEKMSKeyId: encryptedBy } = await aws<{ SSEKMSKeyId: string }>(
      env,
      ["s3api", "get-object", file],
      {
        "--bucket": bucket,
        "--key": key,
      },
    );
    expect(encryptedBy).toBe("arn:aws:kms:us-east-1:111111111111:key/1");
    expect(execFileSync(world.binary, ["snapshot", "inspect", file], { encoding: "utf8" })).toMatch(
      /KVS\s+2/,
    );
  });
});

describe("losing and replacing servers", () => {
  const write = async (agent: ConsulAgent, key: string) =>
    (await consul(agent, "PUT", `/v1/kv/skyline/example/written/${key}`, { token: management(), body: "1" }))
      .text === "true";
  const acknowledged: string[] = [];
  const writeSome = async (prefix: string, count: number) => {
    for (let index = 0; index < count; index++) {
      const key = `${prefix}-${index}`;
      await waitUntil(`${key} is written`, async () => {
        if (!(await write(alive()[index % alive().length] as ConsulAgent, key))) throw new Error("refused");
      });
      acknowledged.push(key);
    }
  };

  test("given that the leader is killed, another one leads and writes go on", async () => {
    await writeSome("before", 30);
    const leading = await Promise.all(servers.map(isLeader));
    const leader = servers[leading.indexOf(true)] as ConsulAgent;
    process.kill(leader.process.pid, "SIGKILL");
    await leader.process.ended;
    const started = performance.now();
    await writeSome("after", 1);
    process.stderr.write(
      `a write is acknowledged ${Math.round(performance.now() - started)} ms after the leader was killed\n`,
    );
    await writeSome("later", 30);
    expect((await Promise.all(alive().map(isLeader))).filter(Boolean)).toHaveLength(1);
  });

  test("a new server with an empty disk takes the dead one's place", async () => {
    servers.push(await startServer("127.57.0.4", "i-4"));
    await untilVoters(
      alive()[0] as ConsulAgent,
      alive().map(({ instance }) => `consul-${instance}`),
    );
    const { Servers: peers } = await read<{ Servers: unknown[] }>(
      alive()[0] as ConsulAgent,
      "/v1/operator/raft/configuration",
      management(),
    );
    expect(peers).toHaveLength(3);
  });

  test("given that one is to be terminated, it leaves the quorum once a new one is in it, and writes go on", async () => {
    servers.push(await startServer("127.57.0.5", "i-5"));
    const [old] = alive() as [ConsulAgent];
    await world.script(old, "consul-leave");
    await old.process.ended;
    await writeSome("left", 10);
    await untilVoters(
      alive()[0] as ConsulAgent,
      alive().map(({ instance }) => `consul-${instance}`),
    );
    expect(alive()).toHaveLength(3);
  });

  test("no write that was acknowledged is lost", async () => {
    const keys = await read<string[]>(
      alive()[2] as ConsulAgent,
      "/v1/kv/skyline/example/written/?keys",
      management(),
    );
    expect(acknowledged).toHaveLength(71);
    expect(keys.map((key) => key.replace("skyline/example/written/", "")).sort()).toEqual(
      [...acknowledged].sort(),
    );
  });
});
