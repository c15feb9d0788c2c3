import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { TerraformStack } from "cdktf";
import { MesosService } from "../../../constructs/mesh/mesos-service";
import { SkylineBridge, type SkylineBridgeProps } from "../../../constructs/mesh/skyline-bridge";
import { Namespaces } from "../../../constructs/platform/namespaces";
import { PriorityClasses } from "../../../constructs/platform/priority-classes";
import { synthesize, type Block, type SynthesizedStack } from "../../../testing";

function inCluster(build: (stack: TerraformStack) => void): SynthesizedStack {
  const stacks = synthesize((app) => {
    const stack = new TerraformStack(app, "test");
    new KubernetesProvider(stack, "kubernetes", {});
    build(stack);
  });
  return stacks.test as SynthesizedStack;
}

const least: SkylineBridgeProps = {
  domain: "example.internal",
  service: { namespace: "default", port: 8080 },
  serviceCidr: "172.20.0.0/16",
  priorityClassName: "skyline-mesh",
};
const bridgeStack = (props: Partial<SkylineBridgeProps> = {}) =>
  inCluster((stack) => new SkylineBridge(stack, "bridge", { ...least, ...props }));

test("given the least, the bridge's DaemonSet has exactly these settings", () => {
  const labels = { "app.kubernetes.io/name": "skyline-bridge" };
  const metadata = { name: "skyline-bridge", namespace: "default", labels };
  const probe = (path: string) => ({
    http_get: { path, port: "health", scheme: "HTTP" },
    timeout_seconds: 2,
  });
  expect(bridgeStack().only("kubernetes_daemon_set_v1")).toEqual({
    metadata,
    wait_for_rollout: true,
    spec: {
      selector: { match_labels: labels },
      strategy: { type: "RollingUpdate", rolling_update: { max_unavailable: "1" } },
      min_ready_seconds: 10,
      template: {
        metadata: {
          labels,
          annotations: { "skyline/configuration": expect.stringMatching(/^[0-9a-f]{64}$/) },
        },
        spec: {
          service_account_name: "skyline-bridge",
          automount_service_account_token: false,
          enable_service_links: false,
          priority_class_name: "skyline-mesh",
          termination_grace_period_seconds: 75,
          node_selector: { "kubernetes.io/os": "linux" },
          toleration: [{ operator: "Exists" }],
          security_context: {
            run_as_non_root: true,
            run_as_user: "101",
            run_as_group: "101",
            fs_group: "101",
            seccomp_profile: { type: "RuntimeDefault" },
          },
          container: [
            {
              name: "nginx",
              image: "public.ecr.aws/nginx/nginx:1.31.3",
              image_pull_policy: "IfNotPresent",
              command: ["nginx", "-e", "stderr", "-c", "/etc/skyline/nginx.conf", "-g", "daemon off;"],
              port: [
                { name: "inbound", container_port: 5041, host_port: 5041, protocol: "TCP" },
                { name: "outbound", container_port: 5043, protocol: "TCP" },
                {
                  name: "health",
                  container_port: 5044,
                  host_port: 5044,
                  host_ip: "127.0.0.1",
                  protocol: "TCP",
                },
              ],
              lifecycle: { pre_stop: [{ exec: { command: ["sleep", "5"] } }] },
              security_context: {
                allow_privilege_escalation: false,
                privileged: false,
                read_only_root_filesystem: true,
                capabilities: { drop: ["ALL"] },
              },
              resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
              startup_probe: { ...probe("/ready"), period_seconds: 1, failure_threshold: 30 },
              readiness_probe: { ...probe("/ready"), period_seconds: 5, failure_threshold: 2 },
              liveness_probe: { ...probe("/health"), period_seconds: 10, failure_threshold: 3 },
              volume_mount: [
                { name: "configuration", mount_path: "/etc/skyline", read_only: true },
                { name: "temporary", mount_path: "/tmp" },
              ],
            },
          ],
          volume: [
            { name: "configuration", config_map: { name: "skyline-bridge", default_mode: "0444" } },
            { name: "temporary", empty_dir: { size_limit: "64Mi" } },
          ],
        },
      },
    },
    depends_on: [
      expect.stringMatching(/^kubernetes_service_account_v1\./),
      expect.stringMatching(/^kubernetes_config_map_v1\./),
    ],
  });
});

test("another configuration is another pod, the same is the same", () => {
  const annotation = (stack: SynthesizedStack) =>
    /"skyline\/configuration":"(\w+)"/.exec(JSON.stringify(stack.only("kubernetes_daemon_set_v1")))?.[1];
  expect(annotation(bridgeStack())).toBe(annotation(bridgeStack()));
  expect(annotation(bridgeStack({ serviceCidr: "10.100.0.0/16" }))).not.toBe(annotation(bridgeStack()));
});

test("the bridge is in the services' own namespace, with its configuration", () => {
  const stack = bridgeStack({ service: { namespace: "services", port: 9090 } });
  for (const type of [
    "kubernetes_daemon_set_v1",
    "kubernetes_config_map_v1",
    "kubernetes_service_account_v1",
  ]) {
    expect(stack.only(type).metadata).toMatchObject({ name: "skyline-bridge", namespace: "services" });
  }
  const { "nginx.conf": conf = "" } = stack.only("kubernetes_config_map_v1").data as Record<string, string>;
  expect(conf).toContain(".services.svc.cluster.local:9090");
  expect(conf).toContain("resolver 172.20.0.10 ");
  expect(conf).toContain("server sdb.example.internal:5042 resolve");
});

test("given the least, a Service that stands for a Mesos service has exactly these settings", () => {
  const stack = inCluster((scope) => {
    const bridge = new SkylineBridge(scope, "bridge", least);
    new MesosService(scope, "organization", { name: "organization", port: 8080, bridge });
  });
  expect(stack.only("kubernetes_service_v1")).toEqual({
    metadata: {
      name: "organization",
      namespace: "default",
      labels: { "app.kubernetes.io/name": "organization", "app.kubernetes.io/managed-by": "skyline" },
      annotations: {
        "skyline/stands-for": "mesos",
        "skyline/pods-selector": "app.kubernetes.io/name=organization",
        "skyline/pods-port": "8080",
      },
    },
    spec: {
      type: "ClusterIP",
      selector: { "app.kubernetes.io/name": "skyline-bridge" },
      port: [{ name: "http", protocol: "TCP", port: 8080, target_port: "5043" }],
    },
    lifecycle: { ignore_changes: ["spec[0].selector", "spec[0].port[0].target_port"] },
  });
});

test("a Service that stands for a Mesos service says which pods are its own", () => {
  const stack = inCluster((scope) => {
    const bridge = new SkylineBridge(scope, "bridge", least);
    const pods = { selector: { tier: "web", app: "members" }, port: "http" };
    new MesosService(scope, "organization", { name: "organization", port: 8080, bridge, pods });
  });
  expect(stack.only("kubernetes_service_v1").metadata).toMatchObject({
    annotations: { "skyline/pods-selector": "app=members,tier=web", "skyline/pods-port": "http" },
  });
});

test.each([
  [{ selector: {} }],
  [{ selector: { "app.kubernetes.io/name": "skyline-bridge" } }],
  [{ selector: { app: "a,b" } }],
  [{ port: 0 }],
  [{ port: "" }],
])("%j are no pods of a service's own", (pods) => {
  const make = () =>
    inCluster((scope) => {
      const bridge = new SkylineBridge(scope, "bridge", least);
      new MesosService(scope, "it", { name: "organization", port: 8080, bridge, pods });
    });
  expect(make).toThrow(/are no pods of organization/);
});

test.each(["kubernetes", "skyline-bridge", "Organization", "a.b", ""])(
  "%j cannot stand for a Mesos service",
  (name) => {
    const make = () =>
      inCluster((scope) => {
        const bridge = new SkylineBridge(scope, "bridge", least);
        new MesosService(scope, "it", { name, port: 8080, bridge });
      });
    expect(make).toThrow(/cannot stand for a Mesos service/);
  },
);

test("namespaces are made, but for those that every cluster has by itself", () => {
  const stack = inCluster(
    (scope) => new Namespaces(scope, "all", { names: ["default", "kube-system", "skyline-system"] }),
  );
  expect(stack.all("kubernetes_namespace_v1")).toEqual([
    { metadata: { name: "skyline-system", labels: { "app.kubernetes.io/managed-by": "skyline" } } },
  ]);
});

test("there are exactly these priority classes, none of them a default", () => {
  const stack = inCluster((scope) => new PriorityClasses(scope, "priorities"));
  const made = stack.all("kubernetes_priority_class_v1").map(({ metadata, description, ...rest }) => {
    expect(String(description)).not.toBe("");
    return [(metadata as Block).name, rest];
  });
  expect(Object.fromEntries(made)).toEqual({
    "skyline-mesh": { value: 1_000_000_000, preemption_policy: "PreemptLowerPriority" },
    "skyline-critical": { value: 1_000_000, preemption_policy: "PreemptLowerPriority" },
    "skyline-batch": { value: -1000, preemption_policy: "Never" },
  });
});
