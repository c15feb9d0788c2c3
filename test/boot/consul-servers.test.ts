import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { secretNames, tagKeys } from "../../environment/naming";
import { aws } from "../support/aws-cli";
import { BootMesh, LAUNCH_HOOK, LEAVE_HOOK, nodeName, parameters, SNAPSHOTS } from "../support/boot-mesh";
import type { Launched } from "../support/boot-world";
import { waitUntil } from "../support/process";

jest.setTimeout(90_000);

let mesh: BootMesh;
const shown = (work: () => Promise<void>) => () => mesh.showing(work);

beforeAll(async () => {
  mesh = await BootMesh.start();
  await mesh.showing(() => mesh.up());
  // Making the image takes minutes, where no other test has made it yet.
}, 15 * 60_000);

afterAll(() => mesh?.stop(), 60_000);

const failedUnits = ({ machine }: Launched) => machine.failedUnits();
const callsOf = (launched: Launched, action: string) => mesh.callsOf(launched, action);
const completed = (launched: Launched, hook: string) => mesh.completed(launched, hook);

describe("three servers", () => {
  test(
    "find one another by their tag, and are the voters of one quorum",
    shown(async () => {
      const peers = await mesh.untilVoters();
      const addresses = mesh.servers.map(({ instance }) => `${instance.address}:8300`);
      expect(peers.map(({ Address }) => Address).sort()).toEqual(addresses.sort());
      for (const server of mesh.servers) {
        const asked = await callsOf(server, "DescribeInstances");
        expect(asked.length).toBeGreaterThan(0);
        expect(asked.every(({ status }) => status === 200)).toBe(true);
        expect(parameters(asked[0]!)).toMatchObject({
          "Filter.1.Name": `tag:${tagKeys.consul}`,
          "Filter.1.Value.1": "booted",
        });
      }
    }),
  );

  test(
    "tell their group that they are in service, once they are voters",
    shown(async () => {
      for (const server of mesh.servers) {
        await completed(server, LAUNCH_HOOK);
        const [told] = await callsOf(server, "CompleteLifecycleAction");
        expect(parameters(told!).AutoScalingGroupName).toBe(mesh.serversGroup);
        await waitUntil("its unit is done", () => server.machine.active("skyline-consul-setup.service"));
        expect(await failedUnits(server)).toEqual([]);
        await server.machine.active("consul-snapshot.timer");
      }
    }),
  );

  test(
    "ask for their own secret alone, and keep its keys from others",
    shown(async () => {
      for (const server of mesh.servers) {
        const asked = (await callsOf(server, "GetSecretValue")).map(({ body }) => JSON.parse(body) as object);
        expect(asked).toEqual([{ SecretId: secretNames.consulServers("booted") }]);
        const files = ["/etc/consul.d/pki", "/etc/consul.d/pki/gossip.key", "/etc/consul.d/secrets.json"];
        expect(await server.machine.read("stat", "--format=%a %U:%G", ...files)).toBe(
          "700 consul:consul\n600 consul:consul\n640 root:consul\n",
        );
      }
    }),
  );

  test(
    "let nobody do anything without a token",
    shown(async () => {
      const [server] = mesh.servers as [Launched];
      const status = async (method: "GET" | "PUT", path: string, token?: string) =>
        (await mesh.ask(server, method, path, { token, body: method === "PUT" ? "1" : undefined })).status;
      const key = "/v1/kv/skyline/booted/dial";
      const unknown = "00000000-0000-4000-8000-000000000000";
      expect(await status("PUT", key, mesh.token())).toBe(200);
      expect([await status("GET", key), await status("PUT", key), await status("GET", key, unknown)]).toEqual(
        [403, 403, 403],
      );
      expect(await status("GET", "/v1/agent/self")).toBe(403);
      expect(await status("PUT", "/v1/agent/leave")).toBe(403);
      expect((await mesh.ask(server, "GET", "/v1/catalog/nodes")).text).toBe("[]");
      // What comes over the network is RPC and gossip alone.
      for (const { instance } of mesh.servers) {
        const api = mesh.world.run([
          "curl",
          "--silent",
          "--max-time",
          "5",
          `http://${instance.address}:8500/`,
        ]);
        await expect(api).rejects.toThrow();
      }
    }),
  );

  test(
    "have the tokens that the secrets name, each with its policy",
    shown(async () => {
      for (const [file, policy] of [
        ["server-agent.token", "skyline-server"],
        ["gateway.token", "skyline-gateway"],
        ["worker.token", "skyline-worker"],
        ["mesos.token", "skyline-mesos"],
        ["mesos-services.token", "skyline-mesos-services"],
        ["operator.token", "skyline-operator"],
      ] as const) {
        const answer = await mesh.ask(mesh.servers[1]!, "GET", "/v1/acl/token/self", {
          token: mesh.token(file),
        });
        const { Policies } = JSON.parse(answer.text) as { Policies: { Name: string }[] };
        expect(Policies.map(({ Name }) => Name)).toEqual([policy]);
      }
    }),
  );

  test(
    "say nothing on the network that can be read",
    shown(async () => {
      const [server] = mesh.servers as [Launched];
      const [secret, plain] = ["a-value-that-nobody-may-read", "a-path-that-everybody-may-read"];
      const names = mesh.servers.map(nodeName);
      const listening = mesh.listen(8, [secret, plain, ...names]);
      // By each server, so that two of them pass it to the leader, and the leader to all.
      for (const writer of mesh.servers) {
        await sleep(500);
        await mesh.ask(writer, "PUT", "/v1/kv/skyline/booted/sealed", { token: mesh.token(), body: secret });
      }
      // One that is known to be readable, so that silence means something.
      await server.machine.run("curl", "--silent", `http://169.254.169.254/${plain}`);
      const { packets, found } = await listening;
      expect(found).toEqual({ [plain]: [80] });
      expect(packets["8300"]).toBeGreaterThan(10);
      expect(packets["8301"]).toBeGreaterThan(5);
      const rings = await mesh.value<{ Keys: Record<string, number>; NumNodes: number }[]>(
        server,
        "/v1/operator/keyring",
      );
      expect(rings.map(({ Keys }) => Keys)).toEqual([{ [mesh.token("gossip.key")]: 3 }]);
    }),
  );
});

test(
  "a snapshot of the leader goes to S3, encrypted, and can be read back",
  shown(async () => {
    for (const { machine } of mesh.servers)
      await machine.read("systemctl", "start", "consul-snapshot.service");
    const owner = mesh.world.aws.environment();
    const { Contents: objects } = await aws<{ Contents: { Key: string }[] }>(
      owner,
      ["s3api", "list-objects-v2"],
      { "--bucket": SNAPSHOTS },
    );
    const [Key, ...others] = objects.map((object) => object.Key);
    expect(Key).toMatch(/^booted\/\d{4}\/\d\d\/\d\d\/\d{8}T\d{6}Z\.snap$/);
    expect(others).toEqual([]);
    const file = join(mesh.world.folder, "consul.snap");
    const { SSEKMSKeyId } = await aws<{ SSEKMSKeyId: string }>(owner, ["s3api", "get-object", file], {
      "--bucket": SNAPSHOTS,
      "--key": Key!,
    });
    expect(SSEKMSKeyId).toBe(mesh.snapshotKeyArn);
    const program = join(mesh.image, "usr/local/bin/consul");
    const { stdout } = await promisify(execFile)(program, ["snapshot", "inspect", file]);
    // The key of an earlier test and the one that was sealed; a token for each kind of node, people, management and nobody.
    expect(stdout).toMatch(/^ KVS\s+2 /m);
    expect(stdout).toMatch(/^ ACLToken\s+8 /m);
    await rm(file);
  }),
);

describe("losing and replacing servers", () => {
  const acknowledged: string[] = [];
  /** Writes keys of their own by a server, one after another, until it is stopped. */
  function writing(server: Launched) {
    let stopped = false;
    const work = async () => {
      for (let number = 0; !stopped; number++) {
        const key = `${server.machine.name}-${number}-${acknowledged.length}`;
        const path = `/v1/kv/skyline/booted/written/${key}`;
        const answer = await mesh
          .ask(server, "PUT", path, { token: mesh.token(), body: key, timeoutSeconds: 2 })
          .catch((error: Error) => ({ text: error.message }));
        if (answer.text === "true") acknowledged.push(key);
      }
    };
    const ended = work();
    return async () => {
      stopped = true;
      await ended;
    };
  }
  const reached = (what: string, count: number) =>
    waitUntil(what, async () => expect(acknowledged.length).toBeGreaterThanOrEqual(count), {
      timeoutMs: 60_000,
    });
  /** Keys that a server itself has, whatever the others have. */
  const ownKeys = async (server: Launched) => {
    const prefix = "skyline/booted/written/";
    const keys = await mesh.value<string[]>(server, `/v1/kv/${prefix}?keys&stale`);
    return new Set(keys.map((key) => key.slice(prefix.length)));
  };
  const nothingIsLost = async () => {
    for (const server of mesh.servers) {
      await waitUntil(`${server.machine.name} has every key`, async () => {
        const own = await ownKeys(server);
        expect(acknowledged.filter((key) => !own.has(key))).toEqual([]);
      });
    }
  };

  test(
    "the leader fails with its host: another one leads, and its successor from the same user data takes its place",
    shown(async () => {
      const lost = await mesh.leader();
      const stops = mesh.servers.filter((server) => server !== lost).map(writing);
      await reached("writes are acknowledged", 50);
      await mesh.fail(lost);
      const [failedAt, atFailure] = [performance.now(), acknowledged.length];
      // One that was under way may be answered yet; a tenth cannot.
      await reached("writes go on", atFailure + 10);
      const away = Math.round(performance.now() - failedAt);
      await reached("writes go on without it", atFailure + 50);
      const successor = await mesh.leader();
      expect(nodeName(successor)).not.toBe(nodeName(lost));
      // Two of three stay two of three: the dead one is dropped when its replacement is in, and not before.
      expect((await mesh.peers()).map(({ Node }) => Node)).toContain(nodeName(lost));

      const replacement = await mesh.launchServer();
      await mesh.untilVoters();
      await completed(replacement, LAUNCH_HOOK);
      await reached("writes go on with it", acknowledged.length + 20);
      await Promise.all(stops.map((stop) => stop()));
      await nothingIsLost();
      console.log(
        `${acknowledged.length} writes acknowledged, none lost; ten more ${away} ms after the failure`,
      );
    }),
    240_000,
  );

  test(
    "a server that is to terminate leaves the quorum in order once another one is in it, and lets go",
    shown(async () => {
      await mesh.launchServer();
      await mesh.untilVoters();
      const leaver = await mesh.leader();
      const stop = writing(mesh.servers.find((server) => server !== leaver)!);
      await mesh.world.setLifecycle(leaver, "Terminated");
      await completed(leaver, LEAVE_HOOK);
      mesh.forget(leaver);
      await mesh.untilVoters();
      await reached("writes go on", acknowledged.length + 20);
      await stop();
      const { stdout } = await leaver.machine.run("systemctl", "is-active", "consul");
      expect(stdout).toBe("inactive\n");
      await mesh.world.fail(leaver);
      await nothingIsLost();
    }),
    240_000,
  );
});
