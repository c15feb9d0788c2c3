import { freePort } from "../../operations/ports";
import { builtCli } from "../support/built";
import type { Ended } from "../support/cli";
import { HandoverWorld } from "../support/handover-world";
import { waitUntil } from "../support/process";

jest.setTimeout(120_000);

let world: HandoverWorld;
beforeAll(async () => {
  // Compiled here, so that no test has that in its time.
  builtCli();
  world = await HandoverWorld.start(["absent", "foreign", "elsewhere", "greedy"]);
});
afterAll(() => world?.stop());

const to = (side: "kubernetes" | "mesos", ...args: string[]) => ["organization", "--to", side, ...args];
const version = async () => (await world.service()).metadata.resourceVersion;

/** Runs a command that is to fail, and gives what it told; the Service is as it was. */
async function refused(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const before = await version();
  const ended = await world.handover(args, env);
  expect(await version()).toBe(before);
  expect(ended.stdout).toBe("");
  return ended;
}

describe("to Kubernetes", () => {
  test("given no pods of the service's own, then it is refused at once", async () => {
    expect(await refused(to("kubernetes"))).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(
        "organization has no pods in namespace default: nothing has the labels app.kubernetes.io/name=organization",
      ),
    });
  });

  test("given a pod that is not Ready, then it waits, and gives up in time", async () => {
    await world.deploy("organization", 2);
    await world.strand("organization");
    const ended = await refused(to("kubernetes", "--timeout", "2"));
    expect(ended).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("2 of 3 pods are Ready; not Ready: organization-stranded"),
    });
  });

  test("a dry run says what it would wait for, asks the API server, and changes nothing", async () => {
    const before = await version();
    const { code, stdout } = await world.handover(to("kubernetes", "--dry-run", "--json"));
    expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({
      code: 0,
      data: {
        ...{ context: "development", from: "mesos", to: "kubernetes", changed: false, dryRun: true },
        after: { selector: { "app.kubernetes.io/name": "organization" }, targetPort: 8080 },
        waitsFor: "2 of 3 pods are Ready; not Ready: organization-stranded",
        endpoints: (await world.bridges()).map((address) => `${address}:5043`),
      },
    });
    expect(await version()).toBe(before);
  });

  test("given that the last pod turns Ready, then it flips both fields, and the endpoints follow", async () => {
    const running = world.start(to("kubernetes"));
    await waitUntil("it waits", async () => expect(running.stderr()).toContain("waiting: 2 of 3 pods"));
    expect(await world.leadsTo()).toBe("bridge");
    await world.kubernetes.run("delete", "pod", "organization-stranded");
    const { code, stdout } = await running.ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: [
        "organization is handed over: app.kubernetes.io/name=organization, port 8080, 2 endpoints.",
        "Kubernetes callers now reach the service's own pods.",
        "Mesos callers follow the Mesos scale: they stay in Mesos while an instance is healthy there, and come to Kubernetes when none is.",
        "Not touched: the same name in bravo, each of which has a Service of its own (--cluster).",
        "The way back: skyline mesh handover organization --env development --to mesos",
        "",
      ].join("\n"),
    });
    expect(await world.leadsTo()).toBe("pods");
    // At once, not in a while: that is what the command has waited for.
    const own = await world.addresses("app.kubernetes.io/name=organization", 2);
    expect(await world.endpoints()).toEqual(own.map((address) => `${address}:8080`));
  });

  test("the API server notes both fields, and no others, as the handover's", async () => {
    const { managedFields } = (await world.service()).metadata;
    const ours = managedFields.filter(({ manager }) => manager === "skyline-handover");
    expect(ours.map(({ fieldsV1 }) => fieldsV1)).toEqual([
      {
        "f:spec": {
          "f:ports": { 'k:{"port":8080,"protocol":"TCP"}': { "f:targetPort": {} } },
          "f:selector": {},
        },
      },
    ]);
  });

  test("again, there is nothing to do", async () => {
    const before = await version();
    expect(await world.handover(to("kubernetes"))).toMatchObject({
      code: 0,
      stdout:
        "nothing to do: organization leads to its own pods (app.kubernetes.io/name=organization, port 8080; 2 endpoints)\n",
    });
    expect(await version()).toBe(before);
  });

  test("given that it leads to pods that are gone, then there is nothing to do and much amiss", async () => {
    await world.kubernetes.run("scale", "deployment/organization", "--replicas=0");
    await world.follows([], 8080);
    expect(await refused(to("kubernetes", "--timeout", "2"))).toMatchObject({
      code: 6,
      stderr: expect.stringContaining("organization leads to kubernetes, and its endpoints do not follow"),
    });
  });
});

describe("to Mesos", () => {
  const INSTANCE = "10.9.0.1";

  test("given that Consul knows no such service, then it is refused", async () => {
    expect(await refused(to("mesos"))).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("Consul knows no instance of organization with the tag skyline"),
    });
  });

  test("given an instance without the tag, then it is refused: gateways do not see it", async () => {
    await world.consul.register("organization", INSTANCE, "passing", ["other"]);
    expect(await refused(to("mesos"))).toMatchObject({ code: 4 });
  });

  test("given an instance that fails its check, then it waits, and gives up in time", async () => {
    await world.consul.register("organization", INSTANCE, "critical");
    expect(await refused(to("mesos", "--timeout", "2"))).toMatchObject({
      code: 7,
      stderr: expect.stringContaining("none of its 1 instances in Mesos passes its checks"),
    });
  });

  test("given an instance on a Kubernetes worker, then it is refused, as requests would go round", async () => {
    await world.consul.register("kubernetes-worker", "10.9.0.9", "passing", []);
    await world.consul.register("organization", "10.9.0.9", "passing");
    expect(await refused(to("mesos"))).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(
        "organization is registered in Consul at 10.9.0.9:31000, which is the Kubernetes worker node-10.9.0.9",
      ),
    });
    await world.consul.deregister("organization", "10.9.0.9");
  });

  test("given a token that Consul does not know, then it is denied", async () => {
    const env = { CONSUL_HTTP_TOKEN: "5f1c0e5e-0000-4000-8000-00000000dead" };
    expect(await refused(to("mesos"), env)).toMatchObject({ code: 8 });
  });

  test.each([
    ["no right at all", 'agent_prefix "" { policy = "read" }'],
    ["no right on nodes", 'service_prefix "" { policy = "read" }'],
  ])("given a token with %s, then it is denied, and not told that there is nothing", async (_, rules) => {
    const env = { CONSUL_HTTP_TOKEN: await world.consul.tokenOf(rules) };
    expect(await refused(to("mesos"), env)).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("Consul leaves out what this token may not read"),
    });
  });

  test("given that Consul does not answer, then it cannot be reached", async () => {
    const env = { CONSUL_HTTP_ADDR: `127.0.0.1:${await freePort()}` };
    expect(await refused(to("mesos"), env)).toMatchObject({ code: 9 });
  });

  test("given a Consul of another environment, then it is refused", async () => {
    const args = ["organization", "--to", "mesos", "--env", "production", "--yes"];
    expect(await refused(args)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("this Consul is of another environment than production"),
    });
  });

  test("given that an instance gets healthy, then it flips once gateways have had the time to learn of it", async () => {
    // The rights that docs/commands/mesh-handover.md names.
    const rules = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
    const env = { CONSUL_HTTP_TOKEN: await world.consul.tokenOf(rules) };
    const running = world.start(to("mesos", "--settle", "3"), env);
    await waitUntil("it waits", async () => expect(running.stderr()).toContain("none of its 1 instances"));
    await world.consul.register("organization", INSTANCE, "passing");
    const since = performance.now();
    await waitUntil("it settles", async () => expect(running.stderr()).toContain("healthy for 3 s"));
    expect(await world.leadsTo()).toBe("pods");
    const { code, stdout } = await running.ended;
    expect(performance.now() - since).toBeGreaterThan(3_000);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringContaining(
        "Kubernetes callers now reach Mesos, through the bridge and the gateways.",
      ),
    });
    expect(await world.leadsTo()).toBe("bridge");
    expect(await world.endpoints()).toEqual((await world.bridges()).map((address) => `${address}:5043`));
  });

  test("again, there is nothing to do", async () => {
    expect(await world.handover(to("mesos"))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^nothing to do: organization leads to Mesos, through the bridge/),
    });
  });
});

describe("somebody else, at the same time", () => {
  beforeAll(() => world.deploy("organization", 2));

  test("given that the Service is changed between read and write, then it is a conflict, and nothing is flipped", async () => {
    const gate = await world.gate();
    const running = world.start(to("kubernetes"), gate.env);
    await gate.reached();
    await world.kubernetes.run("annotate", "service", "organization", "example/edited=yes");
    const edited = await version();
    await gate.go();
    expect(await running.ended).toMatchObject({
      code: 5,
      stdout: "",
      stderr: expect.stringContaining(
        "organization is not flipped, as somebody has changed the Service meanwhile",
      ),
    });
    expect(await version()).toBe(edited);
    expect(await world.leadsTo()).toBe("bridge");
  });

  test("given two handovers at once, then one flips and the other is a conflict", async () => {
    const gates = [await world.gate(), await world.gate()];
    const both = gates.map((gate) => world.start(to("kubernetes"), gate.env));
    await Promise.all(gates.map((gate) => gate.reached()));
    await Promise.all(gates.map((gate) => gate.go()));
    const ended = await Promise.all(both.map((running) => running.ended));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 5]);
    expect(await world.leadsTo()).toBe("pods");
    expect(await world.handover(to("mesos", "--settle", "0"))).toMatchObject({ code: 0 });
  });

  test("given that it is killed between read and write, then the Service is as it was", async () => {
    const gate = await world.gate();
    const before = await version();
    const running = world.start(to("kubernetes"), gate.env);
    const kubectl = await gate.reached();
    process.kill(kubectl, "SIGKILL");
    running.child.kill("SIGKILL");
    await running.ended;
    expect(await version()).toBe(before);
    expect(await world.leadsTo()).toBe("bridge");
  });

  test("given that it is killed while its update is on the way, then the next run finds it whole", async () => {
    const gate = await world.gate();
    const running = world.start(to("kubernetes"), gate.env);
    await gate.reached();
    running.child.kill("SIGKILL");
    await gate.go();
    await waitUntil("the update has come", async () => expect(await world.leadsTo()).not.toBe("bridge"));
    expect(await world.leadsTo()).toBe("pods");
    expect(await world.handover(to("kubernetes"))).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("nothing to do"),
    });
    expect(await world.handover(to("mesos", "--settle", "0"))).toMatchObject({ code: 0 });
  });

  test("given Ctrl-C while it waits, then it ends with 130, and the Service is as it was", async () => {
    await world.strand("organization");
    const running = world.start(to("kubernetes"));
    await waitUntil("it waits", async () => expect(running.stderr()).toContain("waiting: 2 of 3 pods"));
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await world.leadsTo()).toBe("bridge");
    await world.kubernetes.run("delete", "pod", "organization-stranded");
  });

  test("given that a pod is stranded and two are enough, then it goes on", async () => {
    await world.strand("organization");
    expect(await world.handover(to("kubernetes", "--min-ready", "2"))).toMatchObject({ code: 0 });
    await world.kubernetes.run("delete", "pod", "organization-stranded");
    expect(await world.handover(to("mesos", "--settle", "0"))).toMatchObject({ code: 0 });
  });

  test("given that somebody has flipped one of the two fields by hand, then it puts both right", async () => {
    const patch = JSON.stringify([{ op: "replace", path: "/spec/ports/0/targetPort", value: 8080 }]);
    await world.kubernetes.run("patch", "service", "organization", "--type=json", "-p", patch);
    const { code, stderr } = await world.handover(to("kubernetes"));
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining("the selector of one side and the port of the other"),
    });
    expect(await world.leadsTo()).toBe("pods");
    expect(await world.handover(to("mesos", "--settle", "0", "--cluster", "bravo"))).toMatchObject({
      code: 0,
    });
    expect(await world.leadsTo()).toBe("bridge");
  });
});

describe("what it does not touch:", () => {
  const stand = (name: string, change: { annotations?: object; labels?: object; selector?: object } = {}) =>
    world.cluster.apply(
      JSON.stringify({
        apiVersion: "v1",
        kind: "Service",
        metadata: {
          ...{ name, namespace: "default" },
          labels: { "app.kubernetes.io/managed-by": "skyline", ...change.labels },
          annotations: { "skyline/stands-for": "mesos", ...change.annotations },
        },
        spec: {
          selector: change.selector ?? { "app.kubernetes.io/name": "skyline-bridge" },
          ports: [{ port: 8080, targetPort: 5043 }],
        },
      }),
    );

  test.each([
    ["skyline-bridge", "stands for no Mesos service in environment development"],
    ["giphy", "mesh.mesosServices names organization, absent,"],
    ["absent", "there is no Service default/absent in this cluster"],
  ])("%s", async (name, told) => {
    expect(await world.handover([name, "--to", "kubernetes"])).toMatchObject({
      code: 4,
      stdout: "",
      stderr: expect.stringContaining(told),
    });
  });

  test("a Service that somebody else has made", async () => {
    await stand("foreign", { labels: { "app.kubernetes.io/managed-by": "Helm" } });
    await world.deploy("foreign", 1);
    expect(await world.handover(["foreign", "--to", "kubernetes"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("it has Helm as label app.kubernetes.io/managed-by, and not skyline"),
    });
    expect(await world.leadsTo("foreign")).toBe("bridge");
  });

  test("a Service that leads to neither", async () => {
    await stand("elsewhere", { selector: { app: "proxy" } });
    expect(await world.handover(["elsewhere", "--to", "kubernetes"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("leads to app=proxy, port 5043, neither to"),
    });
  });

  test("a Service whose own pods would include the bridge's: inbound requests would go round", async () => {
    await stand("greedy", { annotations: { "skyline/pods-selector": "pod-template-generation=1" } });
    expect(await world.handover(["greedy", "--to", "kubernetes"])).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("select the bridge's pod skyline-bridge-"),
    });
    expect(await world.leadsTo("greedy")).toBe("bridge");
  });
});

describe("who may not, and what is not there:", () => {
  const as = (user: string) => ({ KUBECONFIG: world.kubeconfig(user) });

  test("given a user who may only read, then the flip is denied, by a dry run too", async () => {
    await world.writeKubeconfig("reader", await world.cluster.clientCertificate("reader", []));
    await world.kubernetes.run("create", "rolebinding", "reader", "--clusterrole=view", "--user=reader");
    await world.kubernetes.run(
      ...["create", "role", "slices", "--verb=list", "--resource=endpointslices.discovery.k8s.io"],
    );
    await world.kubernetes.run("create", "rolebinding", "slices", "--role=slices", "--user=reader");
    for (const args of [[], ["--dry-run"]]) {
      expect(await refused(to("kubernetes", ...args), as("reader"))).toMatchObject({
        code: 8,
        stderr: expect.stringMatching(/\(Forbidden\).*cannot patch resource "services"/),
      });
    }
  });

  test("given the rights that docs/commands/mesh-handover.md names, then it works, both ways", async () => {
    await world.writeKubeconfig("operator", await world.cluster.clientCertificate("operator", []));
    const role = {
      ...{ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role" },
      metadata: { name: "handover", namespace: "default" },
      rules: [
        { apiGroups: [""], resources: ["services"], verbs: ["get", "patch"] },
        { apiGroups: [""], resources: ["pods"], verbs: ["list"] },
        { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list"] },
      ],
    };
    await world.cluster.apply(JSON.stringify(role));
    await world.kubernetes.run("create", "rolebinding", "handover", "--role=handover", "--user=operator");
    expect(await world.handover(to("kubernetes"), as("operator"))).toMatchObject({ code: 0 });
    expect(await world.handover(to("mesos", "--settle", "0"), as("operator"))).toMatchObject({ code: 0 });
  });

  test("given a user without rights, then it is denied", async () => {
    await world.writeKubeconfig("nobody", await world.cluster.clientCertificate("nobody", []));
    expect(await refused(to("kubernetes"), as("nobody"))).toMatchObject({ code: 8 });
  });

  test("given an API server that does not answer, then it cannot be reached", async () => {
    const pair = await world.cluster.clientCertificate("operator", []);
    await world.writeKubeconfig("nowhere", pair, `https://127.0.0.1:${await freePort()}`);
    expect(await refused(to("kubernetes", "--kubeconfig", world.kubeconfig("nowhere")))).toMatchObject({
      code: 9,
    });
  });

  test.each([
    [["--cluster", "alpha"], 2, 'context "development-alpha" does not exist'],
    [["--context", "other"], 2, 'context "other" does not exist'],
    [["--cluster", "zulu"], 2, 'environment development has no cluster "zulu"'],
  ])("given %j, then it ends with %i", async (args, code, told) => {
    const ended = await refused(to("kubernetes", ...args));
    expect(ended).toMatchObject({ code, stderr: expect.stringContaining(told) });
  });

  test("given no kubectl, then it says what to install", async () => {
    expect(await refused(to("kubernetes"), { PATH: "/nonexistent" })).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("install kubectl 1.32 or newer"),
    });
  });

  test("given production and nobody to ask, then it wants --yes", async () => {
    expect(await refused(["organization", "--to", "kubernetes", "--env", "production"])).toMatchObject({
      code: 10,
      stderr: expect.stringContaining("hint: confirm it with --yes"),
    });
  });
});
