import { KubernetesProvider } from "@cdktf/provider-kubernetes/lib/provider";
import { TerraformStack } from "cdktf";
import { renderCorefile } from "../../../constructs/platform/self-managed/corefile";
import { renderFlannel } from "../../../constructs/platform/self-managed/flannel-configuration";
import { addOnImages } from "../../../constructs/platform/self-managed/images";
import { renderKubeProxy } from "../../../constructs/platform/self-managed/kube-proxy-configuration";
import { nodeNamePattern } from "../../../constructs/platform/self-managed/kubelet-csr-approver";
import {
  SelfManagedAddOns,
  type SelfManagedAddOnsProps,
} from "../../../constructs/platform/self-managed/add-ons";
import { SUPPORTED_MINORS } from "../../../environment/kubernetes-version";
import { ADD_ON_NAMESPACE, addOnAccounts } from "../../../environment/naming";
import { manifestsOf, type Manifest } from "../../../operations/manifests/manifests";
import { synthesize, type SynthesizedStack } from "../../../testing";

const least: SelfManagedAddOnsProps = {
  environment: "development",
  cluster: "alpha",
  domain: "development.example.internal",
  region: "eu-west-1",
  networkCidr: "10.10.0.0/16",
  serviceCidr: "172.21.0.0/16",
  podCidr: "100.64.0.0/14",
  kubernetes: "1.35.4",
};

function stackOf(props: Partial<SelfManagedAddOnsProps> = {}): SynthesizedStack {
  const stacks = synthesize((app) => {
    const stack = new TerraformStack(app, "test");
    new KubernetesProvider(stack, "kubernetes", {});
    new SelfManagedAddOns(stack, "add-ons", { ...least, ...props });
  });
  return stacks.test as SynthesizedStack;
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly resources: { readonly requests: object; readonly limits: Readonly<Record<string, string>> };
}
interface PodSpec {
  readonly serviceAccountName: string;
  readonly hostNetwork?: boolean;
  readonly dnsPolicy?: string;
  readonly priorityClassName: string;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly tolerations?: readonly object[];
  readonly topologySpreadConstraints?: readonly object[];
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly { readonly hostPath?: { readonly path: string } }[];
}

const manifests = manifestsOf(stackOf().code);
const workloadsOf = (all: readonly Manifest[]) =>
  Object.fromEntries(
    all
      .filter(({ kind }) => kind === "DaemonSet" || kind === "Deployment")
      .map((manifest) => [
        manifest.metadata.name,
        manifest.spec as {
          readonly replicas?: number;
          readonly strategy?: object;
          readonly template: { readonly spec: PodSpec; readonly metadata: Manifest["metadata"] };
        },
      ]),
  );
const workloads = workloadsOf(manifests);
const pods = Object.fromEntries(
  Object.entries(workloads).map(([name, { template }]) => [name, template.spec]),
);
const container = (pod: string, name: string) => {
  const found = [...(pods[pod]?.initContainers ?? []), ...(pods[pod]?.containers ?? [])].filter(
    (candidate) => candidate.name === name,
  );
  expect(found).toHaveLength(1);
  return found[0] as Container;
};
const only = (kind: string, name: string) => {
  const found = manifests.filter((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  expect(found).toHaveLength(1);
  return found[0] as Manifest;
};

test("the add-ons are exactly these objects", () => {
  const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(names).toEqual([
    "StorageClass gp3",
    "CSIDriver ebs.csi.aws.com",
    ...Object.values(addOnAccounts)
      .sort()
      .map((name) => `ServiceAccount ${name}`),
    "ConfigMap cloud-controller-manager",
    "ConfigMap coredns",
    "ConfigMap flannel",
    "ConfigMap kube-proxy",
    "Service kube-dns",
    "PodDisruptionBudget cloud-controller-manager",
    "PodDisruptionBudget coredns",
    "PodDisruptionBudget ebs-csi-controller",
    "PodDisruptionBudget kubelet-csr-approver",
    "DaemonSet ebs-csi-node",
    "DaemonSet flannel",
    "DaemonSet kube-proxy",
    "Deployment cloud-controller-manager",
    "Deployment coredns",
    "Deployment ebs-csi-controller",
    "Deployment kubelet-csr-approver",
  ]);
  const namespaced = manifests.filter(({ kind }) => kind !== "StorageClass" && kind !== "CSIDriver");
  expect(new Set(namespaced.map(({ metadata }) => metadata.namespace))).toEqual(new Set([ADD_ON_NAMESPACE]));
});

describe("what containers may do", () => {
  const confined = (...add: string[]) => ({
    allowPrivilegeEscalation: false,
    privileged: false,
    readOnlyRootFilesystem: true,
    capabilities: { ...(add.length > 0 ? { add } : {}), drop: ["ALL"] },
  });
  const privileged = { privileged: true, readOnlyRootFilesystem: true };
  /** Each exception has its reason beside it in the construct. */
  const EXCEPTIONS: Readonly<Record<string, object>> = {
    "coredns/coredns": confined("NET_BIND_SERVICE"),
    "kube-proxy/prepare": privileged,
    "kube-proxy/kube-proxy": confined("NET_ADMIN"),
    "flannel/flannel": confined("NET_ADMIN", "NET_RAW"),
    "ebs-csi-node/driver": privileged,
  };

  test("nothing, but for the exceptions", () => {
    const all = Object.entries(pods).flatMap(([pod, { initContainers = [], containers }]) =>
      [...initContainers, ...containers].map(({ name, securityContext }) => [
        `${pod}/${name}`,
        securityContext,
      ]),
    );
    expect(Object.fromEntries(all)).toEqual(
      Object.fromEntries(all.map(([name]) => [name, EXCEPTIONS[name as string] ?? confined()])),
    );
    expect(all.map(([name]) => name)).toEqual(expect.arrayContaining(Object.keys(EXCEPTIONS)));
  });

  test("pods are root's where files or devices of the node are, and on its network where they must", () => {
    const of = (key: (spec: PodSpec) => unknown) =>
      Object.entries(pods)
        .filter(([, spec]) => key(spec) === true)
        .map(([name]) => name)
        .sort();
    expect(of(({ securityContext }) => securityContext.runAsUser === 0)).toEqual([
      "ebs-csi-node",
      "flannel",
      "kube-proxy",
    ]);
    expect(of(({ securityContext }) => securityContext.runAsNonRoot === true)).toEqual([
      "cloud-controller-manager",
      "coredns",
      "ebs-csi-controller",
      "kubelet-csr-approver",
    ]);
    expect(of(({ hostNetwork }) => hostNetwork)).toEqual([
      "cloud-controller-manager",
      "ebs-csi-controller",
      "flannel",
      "kube-proxy",
    ]);
    for (const [name, { securityContext }] of Object.entries(pods)) {
      expect([name, securityContext.seccompProfile]).toEqual([name, { type: "RuntimeDefault" }]);
    }
  });

  test("they see these folders of the node and no others", () => {
    const folders = Object.entries(pods).map(([name, { volumes = [] }]) => [
      name,
      volumes.flatMap(({ hostPath }) => hostPath?.path ?? []),
    ]);
    expect(Object.fromEntries(folders.filter(([, paths]) => paths!.length > 0))).toEqual({
      "ebs-csi-node": [
        "/var/lib/kubelet",
        "/var/lib/kubelet/plugins/ebs.csi.aws.com",
        "/var/lib/kubelet/plugins_registry",
        "/dev",
      ],
      flannel: ["/run/flannel", "/opt/cni/bin", "/etc/cni/net.d"],
    });
  });

  test("each has requests and a limit of memory, and none is throttled", () => {
    for (const { containers, initContainers = [] } of Object.values(pods)) {
      for (const { resources } of [...containers, ...initContainers]) {
        expect(resources).toEqual({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
      }
    }
  });
});

describe("where pods run", () => {
  test("on every node, whatever its taints", () => {
    const everywhere = Object.entries(pods).filter(([, { tolerations }]) =>
      JSON.stringify(tolerations)?.includes('[{"operator":"Exists"}]'),
    );
    expect(everywhere.map(([name]) => name)).toEqual(["ebs-csi-node", "flannel", "kube-proxy"]);
  });

  test("the cloud controller on nodes that are not ready for anything else, and nobody else there", () => {
    const exists = (key: string) => ({ key, operator: "Exists", effect: "NoSchedule" });
    expect(pods["cloud-controller-manager"]?.tolerations).toEqual([
      exists("node.cloudprovider.kubernetes.io/uninitialized"),
      exists("node.kubernetes.io/not-ready"),
      exists("node.kubernetes.io/network-unavailable"),
    ]);
    for (const name of ["coredns", "ebs-csi-controller", "kubelet-csr-approver"]) {
      expect(pods[name]?.tolerations).toBeUndefined();
    }
  });

  test.each(["cloud-controller-manager", "coredns", "ebs-csi-controller", "kubelet-csr-approver"])(
    "%s twice, on two nodes, in two zones where it can, and one of them stays",
    (name) => {
      expect(workloads[name]?.replicas).toBe(2);
      const labels = workloads[name]?.template.metadata.labels;
      const spread = {
        maxSkew: 1,
        labelSelector: { matchLabels: labels },
        matchLabelKeys: ["pod-template-hash"],
      };
      expect(pods[name]?.topologySpreadConstraints).toEqual([
        { ...spread, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "DoNotSchedule" },
        { ...spread, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
      ]);
      expect(only("PodDisruptionBudget", name).spec).toEqual({
        maxUnavailable: 1,
        selector: { matchLabels: labels },
      });
    },
  );

  test("what pods need is there before them", () => {
    const stack = stackOf();
    const needs = ["kubernetes_daemon_set_v1.add-ons_kube-proxy", "kubernetes_daemon_set_v1.add-ons_flannel"];
    const waiting = [
      ...stack.all("kubernetes_deployment_v1"),
      ...stack.all("kubernetes_daemon_set_v1"),
    ].filter((block) =>
      needs.every((need) => (block.depends_on as string[]).some((on) => on.startsWith(need))),
    );
    expect(waiting.map(({ metadata }) => (metadata as { name: string }).name).sort()).toEqual([
      "coredns",
      "ebs-csi-controller",
      "ebs-csi-node",
      "kubelet-csr-approver",
    ]);
  });
});

describe("images", () => {
  test("each is pinned to a version", () => {
    const images = Object.values(pods).flatMap(({ containers, initContainers = [] }) =>
      [...containers, ...initContainers].map(({ image }) => image),
    );
    for (const image of images)
      expect(image).toMatch(/^[a-z0-9.]+\.[a-z]+\/[a-z0-9/-]+:v\d+\.\d+\.\d+(-\w+(\.\d+)?)?$/);
    expect(new Set(images)).toEqual(new Set(Object.values(addOnImages("1.35.4"))));
  });

  test.each(SUPPORTED_MINORS)(
    "Kubernetes %s has a cloud controller of its minor and a proxy of its version",
    (minor) => {
      const { cloudController, kubeProxy } = addOnImages(`${minor}.2`);
      expect(cloudController).toMatch(new RegExp(`:v${minor.replace(".", "\\.")}\\.\\d+$`));
      expect(kubeProxy).toBe(`registry.k8s.io/kube-proxy:v${minor}.2`);
    },
  );

  test("given a version that nothing is pinned for, then it is refused", () => {
    expect(() => addOnImages("1.20.1")).toThrow(/no cloud controller is pinned for Kubernetes 1\.20\.1/);
  });

  test("one can come from elsewhere", () => {
    const coreDns = "registry.example.internal/coredns:v1.14.6";
    const changed = workloadsOf(manifestsOf(stackOf({ images: { coreDns } }).code));
    expect(changed.coredns?.template.spec.containers.map(({ image }) => image)).toEqual([coreDns]);
    expect(changed.flannel?.template.spec.containers).toEqual(pods.flannel?.containers);
  });
});

describe("the cloud controller", () => {
  const args = () => container("cloud-controller-manager", "cloud-controller-manager").args;

  test("looks after nodes and nothing else, by one leader", () => {
    expect(args()).toEqual([
      "--v=2",
      "--cloud-provider=aws",
      "--cloud-config=/etc/cloud/cloud.conf",
      "--cluster-name=development-alpha",
      "--controllers=cloud-node-controller,cloud-node-lifecycle-controller",
      "--configure-cloud-routes=false",
      "--allocate-node-cidrs=false",
      "--use-service-account-credentials=false",
      "--leader-elect=true",
      "--leader-elect-resource-namespace=skyline-add-ons",
      "--bind-address=127.0.0.1",
      "--secure-port=10258",
      "--authentication-skip-lookup=true",
      "--profiling=false",
    ]);
    expect(only("ConfigMap", "cloud-controller-manager").data).toEqual({
      "cloud.conf": "[Global]\nKubernetesClusterID = development-alpha\n",
    });
  });
});

test.each([
  ["cloud-controller-manager", "cloud-controller-manager"],
  ["flannel", "flannel"],
])("%s reaches the API server before Services work", (pod, name) => {
  expect(container(pod, name).env).toEqual(
    expect.arrayContaining([
      { name: "KUBERNETES_SERVICE_HOST", value: "api.alpha.development.example.internal" },
      { name: "KUBERNETES_SERVICE_PORT", value: "443" },
    ]),
  );
});

describe("kubelets' certificates", () => {
  test("are for names of instances, in the environment's network", () => {
    expect(container("kubelet-csr-approver", "approver").args).toEqual([
      "-leader-election",
      "-metrics-bind-address=0",
      "-health-probe-bind-address=:8081",
      "-provider-regex=^ip(-\\d{1,3}){4}\\.eu-west-1\\.compute\\.internal$",
      "-provider-ip-prefixes=10.10.0.0/16",
      "-max-expiration-sec=31536000",
      "-allowed-dns-names=1",
      "-bypass-dns-resolution=false",
      "-bypass-hostname-check=false",
    ]);
  });

  test.each([
    ["us-east-1", "ip-10-10-1-2.ec2.internal", true],
    ["eu-west-1", "ip-10-10-1-2.eu-west-1.compute.internal", true],
    ["us-east-1", "ip-10-10-1-2.us-east-1.compute.internal", false],
    ["us-east-1", "ip-10-10-1-2.ec2xinternal", false],
    ["us-east-1", "api.alpha.development.example.internal", false],
    ["us-east-1", "ip-10-10-1-2.ec2.internal.example.com", false],
    ["us-east-1", "x.ip-10-10-1-2.ec2.internal", false],
    ["us-east-1", "ip-10-10-1.ec2.internal", false],
  ])("in %s, %s: %j", (region, name, matches) => {
    expect(new RegExp(nodeNamePattern(region)).test(name)).toBe(matches);
  });
});

describe("volumes", () => {
  test("the driver knows the node by Kubernetes, and tags what it makes", () => {
    expect(container("ebs-csi-node", "driver").args).toEqual(
      expect.arrayContaining(["--metadata-sources=kubernetes", "--reserved-volume-attachments=1"]),
    );
    expect(container("ebs-csi-controller", "driver").args).toEqual(
      expect.arrayContaining([
        "--k8s-tag-cluster-id=development-alpha",
        "--extra-tags=skyline:environment=development,skyline:cluster=alpha",
      ]),
    );
    expect(container("ebs-csi-controller", "driver").env).toContainEqual({
      name: "AWS_REGION",
      value: "eu-west-1",
    });
  });

  test("the class is the default, and encrypts", () => {
    const { metadata, apiVersion, kind, ...storage } = only("StorageClass", "gp3");
    expect([apiVersion, kind, metadata.annotations]).toEqual([
      "storage.k8s.io/v1",
      "StorageClass",
      { "storageclass.kubernetes.io/is-default-class": "true" },
    ]);
    expect(storage).toEqual({
      provisioner: "ebs.csi.aws.com",
      parameters: { type: "gp3", encrypted: "true", "csi.storage.k8s.io/fstype": "ext4" },
      volumeBindingMode: "WaitForFirstConsumer",
      allowVolumeExpansion: true,
      reclaimPolicy: "Delete",
    });
  });
});

describe("DNS", () => {
  test("has the tenth address of Services", () => {
    expect(only("Service", "kube-dns").spec).toMatchObject({
      type: "ClusterIP",
      clusterIP: "172.21.0.10",
      selector: { "app.kubernetes.io/name": "coredns" },
      ports: [
        { name: "dns", port: 53, targetPort: "dns", protocol: "UDP" },
        { name: "dns-tcp", port: 53, targetPort: "dns-tcp", protocol: "TCP" },
      ],
    });
    expect(only("ConfigMap", "coredns").data).toEqual({ Corefile: renderCorefile() });
  });
});

/** Keys of `kubeproxy.config.k8s.io/v1alpha1`, of Kubernetes 1.35: kube-proxy ignores what it does not know. */
const KUBE_PROXY_KEYS = [
  ...["apiVersion", "kind", "featureGates", "clientConnection", "logging", "hostnameOverride", "bindAddress"],
  ...[
    "healthzBindAddress",
    "metricsBindAddress",
    "bindAddressHardFail",
    "enableProfiling",
    "mode",
    "iptables",
  ],
  ...["showHiddenMetricsForVersion", "ipvs", "nftables", "winkernel", "detectLocalMode", "detectLocal"],
  ...["clusterCIDR", "nodePortAddresses", "oomScoreAdj", "conntrack", "configSyncPeriod", "portRange"],
  "windowsRunAsService",
];
const CLIENT_KEYS = ["kubeconfig", "acceptContentTypes", "contentType", "qps", "burst"];

describe("the proxy", () => {
  const files = renderKubeProxy(least);
  const configuration = JSON.parse(files["config.conf"] ?? "") as Record<string, unknown>;

  test("finds its files, and knows its node", () => {
    expect(Object.keys(files)).toEqual(["config.conf", "kubeconfig.conf"]);
    expect(only("ConfigMap", "kube-proxy").data).toEqual(files);
    const command = [
      "/usr/local/bin/kube-proxy",
      "--config=/etc/kube-proxy/config.conf",
      "--hostname-override=$(NODE_NAME)",
    ];
    expect(container("kube-proxy", "kube-proxy").command).toEqual(command);
    expect(container("kube-proxy", "prepare").command).toEqual([...command, "--init-only"]);
  });

  test("is told nothing that it does not know", () => {
    expect(Object.keys(configuration).filter((key) => !KUBE_PROXY_KEYS.includes(key))).toEqual([]);
    const client = Object.keys(configuration.clientConnection as object);
    expect(client.filter((key) => !CLIENT_KEYS.includes(key))).toEqual([]);
  });

  test("has exactly these settings", () => {
    expect(configuration).toEqual({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      clusterCIDR: "100.64.0.0/14",
      detectLocalMode: "ClusterCIDR",
      bindAddress: "0.0.0.0",
      nodePortAddresses: ["primary"],
      healthzBindAddress: "127.0.0.1:10256",
      metricsBindAddress: "127.0.0.1:10249",
      enableProfiling: false,
      clientConnection: { kubeconfig: "/etc/kube-proxy/kubeconfig.conf" },
    });
  });

  test("reaches the API server by its name, with its account's token", () => {
    const account = "/var/run/secrets/kubernetes.io/serviceaccount";
    expect(JSON.parse(files["kubeconfig.conf"] ?? "")).toMatchObject({
      clusters: [
        {
          cluster: {
            server: "https://api.alpha.development.example.internal:443",
            "certificate-authority": `${account}/ca.crt`,
          },
        },
      ],
      users: [{ user: { tokenFile: `${account}/token` } }],
    });
  });
});

describe("the network of pods", () => {
  const files = renderFlannel("100.64.0.0/14");

  test("is Flannel's by VXLAN", () => {
    expect(only("ConfigMap", "flannel").data).toEqual(files);
    expect(JSON.parse(files["net-conf.json"] ?? "")).toEqual({
      Network: "100.64.0.0/14",
      EnableNFTables: true,
      Backend: { Type: "vxlan", VNI: 1, Port: 8472 },
    });
  });

  test("has host ports", () => {
    expect(JSON.parse(files["cni-conf.json"] ?? "")).toEqual({
      name: "cbr0",
      cniVersion: "1.0.0",
      plugins: [
        { type: "flannel", delegate: { hairpinMode: true, isDefaultGateway: true } },
        { type: "portmap", backend: "nftables", capabilities: { portMappings: true } },
      ],
    });
    expect(container("flannel", "install-configuration").command).toEqual([
      "/opt/bin/install-conf",
      "/etc/kube-flannel/cni-conf.json",
      "/etc/cni/net.d/10-flannel.conflist",
    ]);
  });
});

test.each([
  ["coredns", { serviceCidr: "172.22.0.0/16" }, false],
  ["flannel", { podCidr: "100.96.0.0/14" }, true],
  ["kube-proxy", { podCidr: "100.96.0.0/14" }, true],
  ["cloud-controller-manager", { cluster: "bravo" }, true],
])("%s is another pod when its configuration is another: %j", (name, props, other) => {
  const annotation = (all: typeof workloads) => all[name]?.template.metadata.annotations;
  const changed = workloadsOf(manifestsOf(stackOf(props).code));
  expect(annotation(workloads)).toEqual({ "skyline/configuration": expect.stringMatching(/^[0-9a-f]{64}$/) });
  const [before, after] = [annotation(workloads), annotation(changed)];
  expect(JSON.stringify(after) !== JSON.stringify(before)).toBe(other);
});
