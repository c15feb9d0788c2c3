import { BRIDGE_BACKEND } from "../../../../environment/stand-in";
import { Consul } from "../../../../operations/consul/client";
import { OperationFailure } from "../../../../operations/failure";
import { Kubectl } from "../../../../operations/kubectl/kubectl";
import { handOver, type HandoverRequest } from "../../../../operations/mesh/handover/handover";
import { mesosInstances } from "../../../../operations/mesh/handover/mesos";

// What happens between two steps of a handover, at moments that the real programs cannot be stopped at. All else of it is
// tested with them, in test/mesh/handover.test.ts.

jest.setTimeout(60_000);

const OWN = "app.kubernetes.io/name=organization";
const BRIDGE = "app.kubernetes.io/name=skyline-bridge";

interface Operation {
  readonly op: string;
  readonly path: string;
  readonly value: unknown;
}

/** One Service with its pods, as the API server has them; endpoints follow at once. */
class Cluster extends Kubectl {
  version = 1;
  selector: Readonly<Record<string, string>> = BRIDGE_BACKEND.selector;
  targetPort: unknown = BRIDGE_BACKEND.targetPort;
  /** Whether each pod is Ready, by the label that selects it. */
  readonly pods: Record<string, readonly boolean[]> = { [OWN]: [true], [BRIDGE]: [true] };
  follows = true;
  /** Called before an answer with what was asked; a test changes something there, or throws. */
  before: (asked: string) => void = () => undefined;
  readonly patches: string[] = [];

  constructor() {
    super({ context: "none" });
  }

  flip(to: "kubernetes" | "mesos"): void {
    this.version++;
    const own = { selector: { "app.kubernetes.io/name": "organization" }, targetPort: 8080 };
    Object.assign(this, to === "mesos" ? BRIDGE_BACKEND : own);
  }

  override async run(args: readonly string[]): Promise<string> {
    const asked = args.slice(0, 2).join(" ");
    this.before(asked);
    if (asked === "patch service") return this.patch(args);
    if (asked === "get service") return JSON.stringify(this.service());
    const selector = args[args.indexOf("-l") + 1] ?? "";
    const items = asked === "get pods" ? this.podsOf(selector) : this.slices();
    return JSON.stringify({ items });
  }

  private service() {
    return {
      metadata: {
        ...{ name: "organization", namespace: "default", resourceVersion: String(this.version) },
        labels: { "app.kubernetes.io/managed-by": "skyline" },
        annotations: { "skyline/stands-for": "mesos" },
      },
      spec: { selector: this.selector, ports: [{ port: 8080, targetPort: this.targetPort }] },
    };
  }

  private patch(args: readonly string[]): string {
    const operations = JSON.parse(args[args.indexOf("-p") + 1] ?? "") as Operation[];
    const value = (path: string) => operations.find((one) => one.path === path)?.value;
    if (value("/metadata/resourceVersion") !== String(this.version))
      throw new OperationFailure("conflict", "the object has been modified");
    const dryRun = args.includes("--dry-run=server");
    this.patches.push(dryRun ? "dry" : "real");
    if (!dryRun) {
      this.version++;
      this.selector = value("/spec/selector") as Record<string, string>;
      this.targetPort = value("/spec/ports/0/targetPort");
    }
    return "service/organization\n";
  }

  private podsOf(selector: string) {
    return (this.pods[selector] ?? []).map((ready, at) => ({
      metadata: { name: `pod-${at}`, uid: `${selector} ${at}` },
      spec: { containers: [{ ports: [{ containerPort: 8080 }] }] },
      status: { phase: "Running", conditions: [{ type: "Ready", status: ready ? "True" : "False" }] },
    }));
  }

  private slices() {
    const label = Object.entries(this.selector).map(([key, value]) => `${key}=${value}`)[0] ?? "";
    const endpoints = this.podsOf(this.follows ? label : "nobody").map(({ metadata: { uid } }, at) => ({
      ...{ addresses: [`10.0.0.${at + 1}`], conditions: { ready: true }, targetRef: { uid } },
    }));
    return [{ endpoints, ports: [{ port: this.targetPort }] }];
  }
}

/** A catalogue in which organization has one instance, on a node with a check of its own. */
class Catalogue extends Consul {
  instance: "passing" | "critical" | "gone" = "passing";
  node = "passing";
  nodeAddress = "10.9.0.1";
  worker = { Node: "worker-1", Address: "10.1.0.1", ServiceAddress: "" };
  asked = 0;

  constructor() {
    super({ settings: { address: "http://127.0.0.1:1" } as never });
  }

  before: (asked: number) => void = () => undefined;

  override async get<T>(path: string): Promise<T | undefined> {
    if (path.startsWith("/v1/catalog/")) return [this.worker] as T;
    this.before(++this.asked);
    if (this.instance === "gone") return [] as T;
    return [
      {
        Node: { Node: "mesos-1", Address: this.nodeAddress },
        Service: { ID: "organization-1", Address: "", Port: 31000 },
        Checks: [{ Status: this.node }, { Status: this.instance }],
      },
    ] as T;
  }
}

let cluster: Cluster;
let catalogue: Catalogue;
let told: string[];
beforeEach(() => {
  cluster = new Cluster();
  catalogue = new Catalogue();
  told = [];
});

const handover = (to: "kubernetes" | "mesos", more: Partial<HandoverRequest> = {}) =>
  handOver({
    ...{ name: "organization", to, service: { namespace: "default", port: 8080 }, kubectl: cluster },
    ...{ consul: () => catalogue, dryRun: false, settleMs: 0, timeoutMs: 10_000 },
    ...{ signal: new AbortController().signal, report: (line) => told.push(line) },
    ...more,
  });

/** Before the nth time that it is asked. */
function at(asked: string, nth: number, work: () => void): void {
  const { before } = cluster;
  let count = 0;
  cluster.before = (now) => {
    before(now);
    if (now === asked && ++count === nth) work();
  };
}

describe("while it waits for pods", () => {
  beforeEach(() => {
    cluster.pods[OWN] = [true, false];
  });

  test("an edit of the Service by somebody else is no conflict: it is read anew afterwards", async () => {
    at("get pods", 3, () => {
      cluster.version++;
      cluster.pods[OWN] = [true, true];
    });
    expect(await handover("kubernetes")).toMatchObject({ changed: true, from: "mesos" });
    expect(told).toEqual(["waiting: 1 of 2 pods are Ready; not Ready: pod-1"]);
  });

  test("an interrupt ends it with what it waited for, and it asks no more", async () => {
    const interrupt = new AbortController();
    at("get pods", 1, () => interrupt.abort());
    at("get pods", 3, () => {
      throw new Error("it asked again");
    });
    await expect(handover("kubernetes", { signal: interrupt.signal })).rejects.toMatchObject({
      kind: "interrupted",
      message: expect.stringMatching(/^waiting for .*organization.* was interrupted: 1 of 2 pods are Ready/),
    });
    expect(cluster.patches).toEqual([]);
  });

  test("somebody else flips it, and nothing is left to do", async () => {
    at("get pods", 3, () => {
      cluster.flip("kubernetes");
      cluster.pods[OWN] = [true, true];
    });
    expect(await handover("kubernetes")).toMatchObject({ changed: false });
    expect(cluster.patches).toEqual([]);
  });
});

describe("to Mesos", () => {
  beforeEach(() => cluster.flip("kubernetes"));

  test("given that no pod of the bridge is Ready, then it waits for one", async () => {
    cluster.pods[BRIDGE] = [false];
    at("get pods", 2, () => (cluster.pods[BRIDGE] = [true]));
    expect(await handover("mesos")).toMatchObject({ changed: true });
    expect(told).toEqual(["waiting: none of the bridge's 1 pods is Ready"]);
  });

  test("given that Mesos fails while gateways learn of it, then their time begins anew", async () => {
    let healthySince = 0;
    catalogue.before = (asked) => {
      catalogue.instance = asked === 3 ? "critical" : "passing";
      if (asked === 4) healthySince = performance.now();
    };
    expect(await handover("mesos", { settleMs: 1_500 })).toMatchObject({ changed: true });
    expect(performance.now() - healthySince).toBeGreaterThanOrEqual(1_499);
    expect(told.filter((line) => line.includes("is to be healthy"))).toHaveLength(2);
  });

  test("given that Mesos is gone once it is flipped, then that is told, with the way back", async () => {
    at("patch service", 1, () => (catalogue.instance = "critical"));
    await expect(handover("mesos")).rejects.toMatchObject({
      kind: "verification",
      message:
        "organization is flipped to mesos, and no instance there is healthy any more: its callers get 503",
      hint: "the way back is --to kubernetes",
    });
  });

  test("a dry run of what could be done waits for nothing, not for gateways either", async () => {
    const result = await handover("mesos", { dryRun: true, settleMs: 60_000 });
    expect(result).toMatchObject({ changed: false, waitsFor: null, after: BRIDGE_BACKEND });
    expect(cluster.patches).toEqual(["dry"]);
  });
});

describe("the update", () => {
  test("given that its answer is lost, then it says that it is whole or not at all", async () => {
    at("patch service", 1, () => {
      throw new OperationFailure("unreachable", "the connection was reset", "try again");
    });
    await expect(handover("kubernetes")).rejects.toMatchObject({
      kind: "unreachable",
      hint: "organization is flipped as a whole or not at all: run it again",
    });
  });

  test("given that endpoints do not follow it, then that is told, with the way back", async () => {
    at("patch service", 1, () => (cluster.follows = false));
    await expect(handover("kubernetes", { timeoutMs: 600 })).rejects.toMatchObject({
      kind: "verification",
      message: expect.stringMatching(
        /^organization is flipped to kubernetes, and its endpoints do not follow/,
      ),
      hint: expect.stringContaining("the way back is --to mesos"),
    });
  });
});

test("a name that can stand for no Mesos service is refused before anything is asked", async () => {
  cluster.before = (asked) => {
    throw new Error(`asked ${asked}`);
  };
  await expect(handover("kubernetes", { name: "skyline-bridge" })).rejects.toMatchObject({
    kind: "refused",
    message: '"skyline-bridge" can stand for no Mesos service',
  });
});

describe("instances in Mesos", () => {
  test("are healthy when all checks pass, those of their node as well", async () => {
    catalogue.node = "critical";
    expect(await mesosInstances(catalogue, "organization")).toEqual({
      healthy: [],
      unhealthy: ["10.9.0.1:31000"],
    });
  });

  test.each([
    ["its node", { Node: "worker-1", Address: "10.9.0.1", ServiceAddress: "" }],
    ["the worker's own service", { Node: "worker-1", Address: "10.8.0.1", ServiceAddress: "10.9.0.1" }],
  ])("are on a worker by the address of %s", async (_, worker) => {
    catalogue.worker = worker;
    await expect(mesosInstances(catalogue, "organization")).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining("which is the Kubernetes worker worker-1"),
    });
  });
});
