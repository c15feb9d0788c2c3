import { BRIDGE_BACKEND } from "../../../../environment/stand-in";
import { compare } from "../../../../operations/mesh/handover/endpoints";
import { mesosLacks } from "../../../../operations/mesh/handover/mesos";
import type { PodObject, ServiceObject } from "../../../../operations/mesh/handover/objects";
import { podsLack, portWarning, sortPods } from "../../../../operations/mesh/handover/pods";
import { flipPatch, standInOf } from "../../../../operations/mesh/handover/stand-in";

const bridge = BRIDGE_BACKEND.selector;
const own = { "app.kubernetes.io/name": "organization" };

interface Change {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly metadata?: Partial<ServiceObject["metadata"]>;
  readonly spec?: Partial<ServiceObject["spec"]>;
}
const service = ({ labels, annotations, metadata, spec }: Change = {}): ServiceObject => ({
  metadata: {
    ...{ name: "organization", namespace: "default", resourceVersion: "42" },
    labels: { "app.kubernetes.io/managed-by": "skyline", ...labels },
    annotations: { "skyline/stands-for": "mesos", ...annotations },
    ...metadata,
  },
  spec: { type: "ClusterIP", selector: bridge, ports: [{ port: 8080, targetPort: 5043 }], ...spec },
});
const leadsTo = (selector: Record<string, string>, targetPort?: number | string) =>
  service({
    spec: { selector, ports: [{ port: 8080, ...(targetPort === undefined ? {} : { targetPort }) }] },
  });

describe("which side a Service is on", () => {
  test.each([
    ["the bridge and its port", leadsTo(bridge, 5043), "mesos"],
    ["the bridge and its port as text", leadsTo(bridge, "5043"), "mesos"],
    ["its own pods", leadsTo(own, 8080), "kubernetes"],
    ["its own pods, at the Service's own port", leadsTo(own), "kubernetes"],
    ["the bridge at the pods' port", leadsTo(bridge, 8080), "half"],
    ["its own pods at the bridge's port", leadsTo(own, 5043), "half"],
  ])("%s", (_, given, side) => {
    expect(standInOf(given, 8080).side).toBe(side);
  });

  test("annotations say which pods are its own", () => {
    const annotations = { "skyline/pods-selector": "tier=web,app=members", "skyline/pods-port": "http" };
    const given = service({
      annotations,
      spec: { selector: { app: "members", tier: "web" }, ports: [{ port: 8080, targetPort: "http" }] },
    });
    const { side, backends } = standInOf(given, 8080);
    expect({ side, pods: backends.kubernetes }).toEqual({
      side: "kubernetes",
      pods: { selector: { tier: "web", app: "members" }, targetPort: "http" },
    });
  });
});

test.each<[string, ServiceObject, RegExp]>([
  ["of Helm", service({ labels: { "app.kubernetes.io/managed-by": "Helm" } }), /it has Helm as label/],
  [
    "of nobody",
    service({ metadata: { labels: {} } }),
    /it has none as label app\.kubernetes\.io\/managed-by/,
  ],
  [
    "that stands for nothing",
    service({ metadata: { annotations: {} } }),
    /it has none as annotation skyline\/stands-for, and not mesos/,
  ],
  [
    "with an owner",
    service({ metadata: { ownerReferences: [{ kind: "App", name: "it" }] } }),
    /owned by App it/,
  ],
  ["on its way out", service({ metadata: { deletionTimestamp: "2026-01-01" } }), /being deleted since 2026/],
  ["of another type", service({ spec: { type: "ExternalName" } }), /of type ExternalName/],
  ["with two ports", service({ spec: { ports: [{ port: 1 }, { port: 2 }] } }), /has 2 ports/],
  ["without ports", service({ spec: { ports: [] } }), /has 0 ports/],
  ["without a selector", service({ spec: { selector: undefined } }), /leads to no selector, port 5043/],
  ["to other pods", leadsTo({ app: "x" }, 8080), /leads to app=x, port 8080/],
  ["to another port", leadsTo(own, 9090), /port 9090/],
  ["with a selector of more", leadsTo({ ...own, tier: "web" }, 8080), /tier=web/],
  [
    "with an odd selector",
    service({ annotations: { "skyline/pods-selector": "app in (a)" } }),
    /"app in \(a\)" as annotation/,
  ],
  ["that selects all", service({ annotations: { "skyline/pods-selector": "" } }), /"" as annotation/],
  ["with an odd port", service({ annotations: { "skyline/pods-port": "70000" } }), /"70000" as annotation/],
  [
    "whose pods are the bridge's",
    service({ annotations: { "skyline/pods-selector": "app.kubernetes.io/name=skyline-bridge" } }),
    /which are the bridge's/,
  ],
])("a Service %s is refused", (_, given, told) => {
  expect(() => standInOf(given, 8080)).toThrow(told);
});

test("the update carries both fields and the version that was read", () => {
  expect(flipPatch(standInOf(service(), 8080), "kubernetes")).toEqual([
    { op: "replace", path: "/metadata/resourceVersion", value: "42" },
    { op: "replace", path: "/spec/selector", value: own },
    { op: "add", path: "/spec/ports/0/targetPort", value: 8080 },
  ]);
});

const pod = (
  name: string,
  ready: boolean,
  change: { deletionTimestamp?: string; phase?: string } = {},
): PodObject => ({
  metadata: { name, uid: `uid-${name}`, deletionTimestamp: change.deletionTimestamp },
  spec: { containers: [{ ports: [{ name: "http", containerPort: 8080 }] }] },
  status: {
    phase: change.phase ?? "Running",
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
  },
});

describe("pods", () => {
  const names = (pods: readonly PodObject[]) => pods.map(({ metadata }) => metadata.name);

  test("that end or have ended do not count", () => {
    const { ready, unready } = sortPods([
      pod("a", true),
      pod("b", false),
      pod("ends", true, { deletionTimestamp: "now" }),
      pod("done", false, { phase: "Succeeded" }),
      pod("evicted", false, { phase: "Failed" }),
      { ...pod("new", false), status: undefined },
    ]);
    expect([names(ready), names(unready)]).toEqual([["a"], ["b", "new"]]);
  });

  test.each([
    ["all are Ready", 2, 0, undefined, undefined],
    ["one is not", 2, 1, undefined, "2 of 3 pods are Ready; not Ready: u0"],
    ["one is not, and two are enough", 2, 1, 2, undefined],
    ["three are wanted", 2, 1, 3, "2 of 3 pods are Ready, and 3 are wanted; not Ready: u0"],
    ["none is there", 0, 0, undefined, "0 of 0 pods are Ready"],
    ["many are not", 0, 6, undefined, "0 of 6 pods are Ready; not Ready: u0, u1, u2, u3, u4, …"],
  ])("given that %s", (_, ready, unready, enough, lack) => {
    const of = (count: number, letter: string) =>
      Array.from({ length: count }, (_, at) => pod(`${letter}${at}`, true));
    expect(podsLack({ ready: of(ready, "r"), unready: of(unready, "u") }, enough)).toBe(lack);
  });

  test("a port that no container declares is odd, and may be right", () => {
    expect([8080, "http", 9090].map((port) => portWarning([pod("a", true)], port))).toEqual([
      undefined,
      undefined,
      expect.stringContaining("declares port 9090"),
    ]);
  });
});

describe("endpoints are the backend's", () => {
  const pods = [pod("a", true), pod("b", true)];
  const endpoint = (address: string, uid: string | undefined, conditions = {}) => ({
    addresses: [address],
    conditions: { ready: true, ...conditions },
    targetRef: { uid },
  });
  const backend = { selector: own, targetPort: 8080 };
  const both = [endpoint("10.0.0.1", "uid-a"), endpoint("10.0.0.2", "uid-b")];

  test.each([
    ["when each is one of its pods", [{ endpoints: both, ports: [{ port: 8080 }] }], undefined],
    [
      "when what ends is somebody else's",
      [{ endpoints: [...both, endpoint("10.0.0.9", "x", { terminating: true })], ports: [{ port: 8080 }] }],
      undefined,
    ],
    ["not when there is none", [{ endpoints: null, ports: null }], "it has no ready endpoint"],
    [
      "not when none is ready",
      [{ endpoints: [endpoint("10.0.0.1", "uid-a", { ready: false })], ports: [{ port: 8080 }] }],
      "it has no ready endpoint",
    ],
    [
      "not when one is a bridge",
      [{ endpoints: [...both, endpoint("10.0.0.9", "uid-bridge")], ports: [{ port: 8080 }] }],
      "10.0.0.9:8080 is none of the pods that it selects",
    ],
    [
      "not when one is nobody's",
      [{ endpoints: [endpoint("fd00::1", undefined)], ports: [{ port: 8080 }] }],
      "[fd00::1]:8080 is none of the pods that it selects",
    ],
    [
      "not at another port",
      [{ endpoints: both, ports: [{ port: 5043 }] }],
      "10.0.0.1:5043 has another port than 8080",
    ],
    [
      "not when a slice lags behind",
      [
        { endpoints: [both[0]!], ports: [{ port: 8080 }] },
        { endpoints: [both[1]!], ports: [{ port: 5043 }] },
      ],
      "10.0.0.2:5043 has another port than 8080",
    ],
  ])("%s", (_, slices, differs) => {
    expect(compare(slices, pods, backend).differs).toBe(differs);
  });

  test("a named port is right where it has a number", () => {
    const named = { selector: own, targetPort: "http" };
    expect(compare([{ endpoints: both, ports: [{ port: 9999 }] }], pods, named).differs).toBeUndefined();
    expect(compare([{ endpoints: both, ports: [] }], pods, named).differs).toBe(
      "10.0.0.1:none has another port than http",
    );
  });
});

test("Mesos can take callers with one healthy instance, is waited for with others, and refused with none", () => {
  expect(mesosLacks("it", { healthy: ["a"], unhealthy: ["b"] })).toBeUndefined();
  expect(mesosLacks("it", { healthy: [], unhealthy: ["a", "b"] })).toBe(
    "none of its 2 instances in Mesos passes its checks",
  );
  expect(() => mesosLacks("it", { healthy: [], unhealthy: [] })).toThrow(
    "Consul knows no instance of it with the tag skyline",
  );
});
