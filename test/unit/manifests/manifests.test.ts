import { ConfigMapV1 } from "@cdktf/provider-kubernetes/lib/config-map-v1";
import { DeploymentV1 } from "@cdktf/provider-kubernetes/lib/deployment-v1";
import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import { NetworkPolicyV1 } from "@cdktf/provider-kubernetes/lib/network-policy-v1";
import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { TerraformStack } from "cdktf";
import { OperationFailure } from "../../../operations/failure";
import { manifestsOf } from "../../../operations/manifests/manifests";
import { synthesize } from "../../../testing";
import { developmentPlatform } from "../../support/platform";

/** Manifests of one resource of Terraform's code. */
const of = (type: string, resource: object) => manifestsOf({ resource: { [type]: { it: resource } } });

/** What is said of code that cannot be converted. */
function said(code: Record<string, unknown>): string[] {
  try {
    manifestsOf(code);
  } catch (error) {
    expect(error).toBeInstanceOf(OperationFailure);
    expect((error as OperationFailure).kind).toBe("invalid");
    return (error as Error).message.split("\n");
  }
  return [];
}

const daemonSet = (container: object, more: object = {}) => ({
  metadata: { name: "web", namespace: "default" },
  spec: {
    selector: { match_labels: { app: "web" } },
    template: {
      metadata: { labels: { app: "web" } },
      spec: { container: [{ name: "web", ...container }], ...more },
    },
  },
});
const inPod = (container: object, more: object = {}) => {
  const [manifest] = of("kubernetes_daemon_set_v1", daemonSet(container, more));
  return (manifest as unknown as { spec: { template: { spec: Record<string, unknown[]> } } }).spec.template
    .spec;
};

describe("values", () => {
  test("plural blocks get Kubernetes' names, and so do names with initials", () => {
    const pod = inPod(
      {
        env: [{ name: "A", value: "1" }],
        port: [{ container_port: 80, host_ip: "127.0.0.1", host_port: 8080 }],
        volume_mount: [{ name: "v", mount_path: "/v" }],
      },
      { toleration: [{ operator: "Exists" }], volume: [{ name: "v", empty_dir: {} }], host_pid: true },
    );
    expect(pod).toEqual({
      containers: [
        {
          name: "web",
          env: [{ name: "A", value: "1" }],
          ports: [{ containerPort: 80, hostIP: "127.0.0.1", hostPort: 8080 }],
          volumeMounts: [{ name: "v", mountPath: "/v" }],
        },
      ],
      tolerations: [{ operator: "Exists" }],
      volumes: [{ name: "v", emptyDir: {} }],
      hostPID: true,
    });
  });

  test("numbers in quotes become numbers, modes are octal, and names of ports stay", () => {
    const [service] = of("kubernetes_service_v1", {
      metadata: { name: "web" },
      spec: {
        port: [
          { port: 80, target_port: "5043" },
          { port: 81, target_port: "http" },
        ],
      },
    });
    expect(service?.spec).toEqual({
      ports: [
        { port: 80, targetPort: 5043 },
        { port: 81, targetPort: "http" },
      ],
    });
    expect(
      inPod(
        { security_context: { run_as_user: "101" } },
        { volume: [{ name: "v", config_map: { name: "m", default_mode: "0444" } }] },
      ),
    ).toMatchObject({
      containers: [{ securityContext: { runAsUser: 101 } }],
      volumes: [{ configMap: { defaultMode: 0o444 } }],
    });
  });

  test.each([
    ["1", 1],
    ["25%", "25%"],
  ])("maxUnavailable %j is %j", (written, wanted) => {
    const resource = daemonSet({});
    const strategy = { rolling_update: { max_unavailable: written }, type: "RollingUpdate" };
    const [manifest] = of("kubernetes_daemon_set_v1", { ...resource, spec: { ...resource.spec, strategy } });
    expect(manifest?.spec).toMatchObject({ updateStrategy: { rollingUpdate: { maxUnavailable: wanted } } });
  });

  test("keys of maps are the user's own", () => {
    const labels = { snake_case: "a", "skyline/x_y": "b", camelCase: "c" };
    const [map] = of("kubernetes_config_map_v1", { metadata: { name: "m", labels }, data: { "a_b.c": "1" } });
    expect(map).toEqual({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "m", namespace: "default", labels },
      data: { "a_b.c": "1" },
    });
  });

  test("what is between Terraform and its provider is dropped", () => {
    const [namespace] = of("kubernetes_namespace_v1", {
      "//": { metadata: { path: "x" } },
      metadata: { name: "n", labels: null },
      depends_on: ["kubernetes_config_map_v1.other"],
      lifecycle: { ignore_changes: ["metadata[0].labels"] },
      provider: "kubernetes.other",
      timeouts: { delete: "1m" },
      wait_for_default_service_account: true,
    });
    expect(namespace).toEqual({ apiVersion: "v1", kind: "Namespace", metadata: { name: "n" } });
  });

  test("a list of one is a single block, as the provider has it at times", () => {
    const probe = { tcp_socket: [{ port: "80" }], grpc: [] };
    expect(inPod({ liveness_probe: probe })).toMatchObject({
      containers: [{ livenessProbe: { tcpSocket: { port: 80 } } }],
    });
  });

  test("escapes of Terraform's templates are undone", () => {
    const [map] = of("kubernetes_config_map_v1", {
      metadata: { name: "m" },
      data: { a: "$${HOME} %%{if} $HOME 100% {x} $" },
    });
    expect(map?.data).toEqual({ a: "${HOME} %{if} $HOME 100% {x} $" });
  });
});

describe("what cannot be said in a manifest is refused, with its address", () => {
  const map = (more: object) => ({
    resource: { kubernetes_config_map_v1: { m: { metadata: { name: "m" }, ...more } } },
  });

  test.each<[string, Record<string, unknown>, string]>([
    [
      "a type that is unknown",
      { resource: { kubernetes_manifest: { it: {} } } },
      "kubernetes_manifest.it: is of a type that skyline manifests does not know",
    ],
    [
      "an old name of a type",
      { resource: { kubernetes_config_map: { it: {} } } },
      "kubernetes_config_map.it: is of a type that skyline manifests does not know; use kubernetes_config_map_v1",
    ],
    [
      "a resource of another provider",
      { resource: { aws_vpc: { it: {} } } },
      "aws_vpc.it: is of a type that",
    ],
    ["a field that is unknown", map({ dta: {} }), "kubernetes_config_map_v1.m dta: is a field that"],
    [
      "a generated name",
      map({ metadata: { generate_name: "m-" } }),
      "kubernetes_config_map_v1.m metadata.generate_name",
    ],
    ["several of a resource", map({ count: 2 }), "kubernetes_config_map_v1.m count: is a field that"],
    [
      "a reference",
      map({ data: { "a.b": "x ${aws_vpc.vpc.id}/y" } }),
      'kubernetes_config_map_v1.m data["a.b"]: holds ${aws_vpc.vpc.id}, which only Terraform can resolve',
    ],
    [
      "a directive",
      map({ data: { a: "%{ if true }x%{ endif }" } }),
      'm data["a"]: holds %{ if true }, which',
    ],
    ["a reference in a key", map({ data: { "${local.k}": "v" } }), "holds ${local.k}, which only Terraform"],
    ["a whole map by reference", map({ data: "${local.data}" }), 'm data: is "${local.data}", not a map'],
    ["a number in a map", map({ data: { a: 1 } }), 'm data["a"]: is 1, not a string'],
    ["a module", { module: { it: {} } }, "module: may make objects"],
  ])("%s", (_, code, message) => {
    expect(said(code)).toContainEqual(expect.stringContaining(message));
  });

  test.each<[string, object, object, string]>([
    [
      "a fraction",
      { port: [{ container_port: 80.5 }] },
      {},
      "container[0].port[0].container_port: is 80.5, not a whole",
    ],
    [
      "a mode without octal",
      {},
      { volume: [{ secret: { default_mode: "rw" } }] },
      'default_mode: is "rw", not a mode',
    ],
    [
      "a mode as a number",
      {},
      { volume: [{ secret: { default_mode: 444 } }] },
      "default_mode: is 444, not a mode",
    ],
    ["a string for a boolean", { tty: "true" }, {}, 'container[0].tty: is "true", not true or false'],
    ["an object for a list", { env: { name: "A" } }, {}, 'container[0].env: is {"name":"A"}, not a list'],
    ["two of a single block", { liveness_probe: [{}, {}] }, {}, "liveness_probe: is [{},{}], not a block"],
    ["a reference for a port", { port: [{ container_port: "${local.p}" }] }, {}, "container_port: is"],
  ])("%s", (_, container, pod, message) => {
    expect(said({ resource: { kubernetes_daemon_set_v1: { d: daemonSet(container, pod) } } })).toEqual([
      expect.stringContaining(message),
    ]);
  });

  test("all at once", () => {
    expect(said({ resource: { kubernetes_config_map_v1: { a: {}, b: { x: 1, y: 2 } } } })).toEqual([
      expect.stringContaining("kubernetes_config_map_v1.a metadata.name: is missing"),
      expect.stringContaining("kubernetes_config_map_v1.b x: "),
      expect.stringContaining("kubernetes_config_map_v1.b y: "),
      expect.stringContaining("kubernetes_config_map_v1.b metadata.name: is missing"),
    ]);
  });
});

test("order is the cluster's need, then namespace and name, whatever order the code has", () => {
  const named = (name: string, namespace: string | null = null) => ({ metadata: { name, namespace } });
  const resource = {
    kubernetes_service_v1: { s: named("s", "b") },
    kubernetes_config_map_v1: { 1: named("z", "a"), 2: named("a", "b"), 3: named("B", "a"), 4: named("c") },
    kubernetes_namespace_v1: { n: { metadata: { name: "n" } } },
    kubernetes_cluster_role_v1: { r: { metadata: { name: "r" } } },
    kubernetes_service_account_v1: { a: named("a", "a") },
    kubernetes_priority_class_v1: { p: { metadata: { name: "p" }, value: 1 } },
  };
  const order = (code: object) =>
    manifestsOf({ resource: code }).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace ?? "-"} ${metadata.name}`,
    );
  expect(order(resource)).toEqual([
    ...["Namespace - n", "PriorityClass - p", "ClusterRole - r", "ServiceAccount a a"],
    ...["ConfigMap a B", "ConfigMap a z", "ConfigMap b a", "ConfigMap default c", "Service b s"],
  ]);
  expect(order(Object.fromEntries(Object.entries(resource).reverse()))).toEqual(order(resource));
});

test("of what constructs synthesize, nothing is lost", () => {
  const { it } = synthesize((app) => {
    const stack = new TerraformStack(app, "it");
    new KubernetesProvider(stack, "kubernetes");
    new NamespaceV1(stack, "n", { metadata: { name: "n" } });
    new ConfigMapV1(stack, "m", { metadata: { name: "m" }, binaryData: { a: "eA==" }, immutable: true });
    new DeploymentV1(stack, "d", {
      metadata: { name: "d" },
      spec: {
        replicas: "3",
        selector: { matchExpressions: [{ key: "app", operator: "In", values: ["d"] }] },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "50%", maxUnavailable: "0" } },
        template: {
          metadata: { labels: { app: "d" } },
          spec: {
            container: [
              {
                name: "d",
                env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
                lifecycle: { preStop: [{ exec: { command: ["sleep", "5"] } }] },
                readinessProbe: { httpGet: { port: "80", httpHeader: [{ name: "a", value: "b" }] } },
              },
            ],
            topologySpreadConstraint: [{ maxSkew: 1, labelSelector: [{ matchLabels: { app: "d" } }] }],
          },
        },
      },
    });
    new NetworkPolicyV1(stack, "p", {
      metadata: { name: "p" },
      spec: { podSelector: {}, ingress: [{ ports: [{ port: "80" }] }, {}], policyTypes: ["Ingress"] },
    });
  });
  const [, configMap, policy, deployment] = manifestsOf(it!.code);
  expect(configMap).toMatchObject({ binaryData: { a: "eA==" }, immutable: true });
  expect(policy?.spec).toEqual({
    podSelector: {},
    ingress: [{ ports: [{ port: 80 }] }, {}],
    policyTypes: ["Ingress"],
  });
  expect(deployment?.spec).toEqual({
    replicas: 3,
    selector: { matchExpressions: [{ key: "app", operator: "In", values: ["d"] }] },
    strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "50%", maxUnavailable: 0 } },
    template: {
      metadata: { labels: { app: "d" } },
      spec: {
        containers: [
          {
            name: "d",
            env: [{ name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }],
            lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
            readinessProbe: { httpGet: { port: 80, httpHeaders: [{ name: "a", value: "b" }] } },
          },
        ],
        topologySpreadConstraints: [{ maxSkew: 1, labelSelector: { matchLabels: { app: "d" } } }],
      },
    },
  });
});

test("the platform stack of the development environment converts, a manifest a resource", () => {
  const { stack, manifests } = developmentPlatform();
  expect(manifests).toHaveLength(stack.addresses().length);
});
