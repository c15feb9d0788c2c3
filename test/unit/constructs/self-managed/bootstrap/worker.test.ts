import { parse } from "yaml";
import { renderWorker } from "../../../../../constructs/cluster/self-managed/bootstrap/worker";
import { flagsOf, runUserData, variablesOf } from "../../../../support/user-data";
import { worker } from "./fixture";

const run = runUserData(renderWorker(worker));
const text = (path: string) => run.files[path]?.content ?? "";
const yaml = (path: string) => parse(text(path)) as Record<string, never>;

test("it starts its target, and its units know its secret and how it leaves", () => {
  expect(run.units).toEqual(["daemon-reload", "enable --now --no-block skyline-worker.target"]);
  expect(variablesOf(text("/etc/skyline/node.env"))).toMatchObject({
    SKYLINE_ROLE: "worker",
    SKYLINE_SECRETS: "skyline/development/consul/workers:/etc/consul.d/pki:consul",
    SKYLINE_GROUP: "development-alpha-general",
    SKYLINE_LAUNCH_HOOK: "ready",
    SKYLINE_LIFECYCLE_HOOK: "leave",
    SKYLINE_LEAVE_LIMIT: "1234",
  });
});

test("the cluster's authority is decoded on the node", () => {
  expect(text("/etc/kubernetes/ca.crt")).toBe("a certificate\n");
});

// By their numbers in the CIS Kubernetes Benchmark 1.11.
test.each<[string, string, unknown]>([
  ["4.2.1", "authentication.anonymous.enabled", false],
  ["4.2.2", "authorization.mode", "Webhook"],
  ["4.2.3", "authentication.x509.clientCAFile", "/etc/kubernetes/ca.crt"],
  ["4.2.4", "readOnlyPort", 0],
  ["4.2.5", "streamingConnectionIdleTimeout", "30m"],
  ["4.2.6", "makeIPTablesUtilChains", true],
  ["4.2.8", "eventRecordQPS", 50],
  ["4.2.10", "rotateCertificates", true],
  ["4.2.11", "serverTLSBootstrap", true],
  ["4.2.12", "tlsMinVersion", "VersionTLS12"],
  ["4.2.13", "podPidsLimit", 4096],
  ["4.2.14", "seccompDefault", true],
  ["kernel defaults", "protectKernelDefaults", true],
])("CIS %s: the kubelet's %s is %s", (_number, path, value) => {
  expect(yaml("/etc/kubernetes/kubelet.yaml")).toHaveProperty(path, value);
});

test("the kubelet knows its runtime, DNS and the most pods", () => {
  expect(yaml("/etc/kubernetes/kubelet.yaml")).toMatchObject({
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    clusterDNS: ["172.20.0.10"],
    maxPods: 110,
    kubeReserved: { memory: "1465Mi" },
    cgroupDriver: "systemd",
  });
  const fewer = runUserData(renderWorker({ ...worker, maxPods: 58 })).files["/etc/kubernetes/kubelet.yaml"];
  expect(parse(fewer?.content ?? "")).toHaveProperty("maxPods", 58);
});

test("it first shows who it is by a token of its instance's role, and has no other credentials", () => {
  expect(yaml("/etc/kubernetes/bootstrap-kubeconfig.yaml")).toMatchObject({
    clusters: [
      {
        cluster: {
          server: "https://api.alpha.development.example.internal:443",
          "certificate-authority": "/etc/kubernetes/ca.crt",
        },
      },
    ],
    users: [
      {
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "/usr/local/bin/aws-iam-authenticator",
            args: ["token", "--cluster-id", "development-alpha"],
          },
        },
      },
    ],
  });
});

test("its flags name its files, its labels and the provider of ECR's credentials", () => {
  expect(flagsOf(text("/etc/kubernetes/kubelet.env"))).toEqual({
    config: "/etc/kubernetes/kubelet.yaml",
    "bootstrap-kubeconfig": "/etc/kubernetes/bootstrap-kubeconfig.yaml",
    kubeconfig: "/var/lib/kubelet/kubeconfig",
    "cert-dir": "/var/lib/kubelet/pki",
    "cloud-provider": "external",
    "image-credential-provider-config": "/etc/kubernetes/image-credential-providers.yaml",
    "image-credential-provider-bin-dir": "/usr/local/bin",
    "node-labels": "team=payments,example.com/tier=front",
  });
});

test.each(["node-role.kubernetes.io/worker", "kubernetes.io/hostname", "node-restriction.kubernetes.io/x"])(
  "the label %s, with which a kubelet would not start, is refused",
  (label) => {
    expect(() => renderWorker({ ...worker, labels: { [label]: "x" } })).toThrow(
      `a node may not give itself the label ${label}`,
    );
  },
);

test.each(["node.kubernetes.io/pool", "kubelet.kubernetes.io/x", "notkubernetes.io/x"])(
  "the label %s is one that a kubelet may give itself",
  (label) => {
    const { files } = runUserData(renderWorker({ ...worker, labels: { [label]: "x" } }));
    expect(flagsOf(files["/etc/kubernetes/kubelet.env"]?.content ?? "")["node-labels"]).toBe(`${label}=x`);
  },
);

test("its Consul agent registers it as a worker of its cluster", () => {
  expect(run.files["/etc/consul.d/skyline.json"]).toMatchObject({ owner: "consul:consul", mode: "0640" });
  expect(JSON.parse(text("/etc/consul.d/skyline.json"))).toMatchObject({
    datacenter: "development",
    services: [{ name: "kubernetes-worker", port: 5041, meta: { cluster: "alpha" } }],
  });
});
