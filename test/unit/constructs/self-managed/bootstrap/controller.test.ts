import { parse } from "yaml";
import { renderController } from "../../../../../constructs/cluster/self-managed/bootstrap/controller";
import { namespaces } from "../../../../../operations/manifests/self-managed/namespaces";
import { flagsOf, runUserData, variablesOf } from "../../../../support/user-data";
import { controller } from "./fixture";

const run = runUserData(renderController(controller));
const text = (path: string) => run.files[path]?.content ?? "";
const yaml = (path: string) => parse(text(path)) as never;
const flags = (program: string) => flagsOf(text(`/etc/kubernetes/${program}.env`));

const STRONG = [
  "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
  "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
].join(",");

test("it starts its target once every file is written", () => {
  expect(run.units).toEqual(["daemon-reload", "enable --now --no-block skyline-controller.target"]);
  expect(variablesOf(text("/etc/skyline/node.env"))).toMatchObject({
    SKYLINE_ROLE: "controller",
    SKYLINE_SECRETS: "skyline/development/alpha/controllers:/etc/kubernetes/pki:kubernetes",
  });
});

test("nobody but root changes its files, and nobody but who needs them reads them", () => {
  const { "/etc/skyline/node.env": node, ...files } = run.files;
  expect(node).toMatchObject({ mode: "0644", owner: "root:root" });
  expect(
    Object.entries(files).filter(([path, { mode, owner }]) =>
      path.endsWith(".env")
        ? mode !== "0600" || owner !== "root:root"
        : mode !== "0640" || owner !== "root:kubernetes",
    ),
  ).toEqual([]);
});

describe("kube-apiserver", () => {
  // By their numbers in the CIS Kubernetes Benchmark 1.11.
  test.each<[string, string, string]>([
    ["1.2.3", "enable-admission-plugins", "NodeRestriction,DenyServiceExternalIPs,EventRateLimit"],
    ["1.2.4", "kubelet-client-certificate", "/etc/kubernetes/pki/kubelet-client.crt"],
    ["1.2.4", "kubelet-client-key", "/etc/kubernetes/pki/kubelet-client.key"],
    ["1.2.5", "kubelet-certificate-authority", "/etc/kubernetes/pki/ca.crt"],
    ["1.2.6-8", "authorization-mode", "Node,RBAC"],
    ["1.2.15", "profiling", "false"],
    ["1.2.16", "audit-log-path", "/var/log/kubernetes/audit.log"],
    ["1.2.17", "audit-log-maxage", "30"],
    ["1.2.18", "audit-log-maxbackup", "10"],
    ["1.2.19", "audit-log-maxsize", "100"],
    ["1.2.20", "request-timeout", "60s"],
    ["1.2.21", "service-account-lookup", "true"],
    ["1.2.22", "service-account-key-file", "/etc/kubernetes/pki/service-account.pub"],
    ["1.2.23", "etcd-certfile", "/etc/kubernetes/pki/etcd-client.crt"],
    ["1.2.23", "etcd-keyfile", "/etc/kubernetes/pki/etcd-client.key"],
    ["1.2.24", "tls-cert-file", "/etc/kubernetes/pki/apiserver.crt"],
    ["1.2.24", "tls-private-key-file", "/etc/kubernetes/pki/apiserver.key"],
    ["1.2.25", "client-ca-file", "/etc/kubernetes/pki/ca.crt"],
    ["1.2.26", "etcd-cafile", "/etc/kubernetes/pki/etcd-ca.crt"],
    ["1.2.27", "encryption-provider-config", "/etc/kubernetes/encryption.yaml"],
    ["1.2.29", "tls-cipher-suites", STRONG],
    ["1.2.29", "tls-min-version", "VersionTLS12"],
    ["1.2.30", "service-account-extend-token-expiration", "false"],
    ["3.2.1", "audit-policy-file", "/etc/kubernetes/audit-policy.yaml"],
  ])("CIS %s: --%s is %s", (_number, flag, value) => {
    expect(flags("kube-apiserver")[flag]).toBe(value);
  });

  test.each<[string, string]>([
    ["1.2.1, which the configuration of authentication says instead", "anonymous-auth"],
    ["1.2.2", "token-auth-file"],
    ["1.2.14, with whose default plugins none is turned off", "disable-admission-plugins"],
    ["3.1.2", "basic-auth-file"],
  ])("CIS %s: --%s is not there", (_number, flag) => {
    expect(flags("kube-apiserver")).not.toHaveProperty(flag);
  });

  test("no namespace whose labels hold pods back is exempt from Pod Security", () => {
    const held = namespaces(["default", "skyline-system"])
      .filter(({ metadata }) => metadata.labels?.["pod-security.kubernetes.io/enforce"] !== "privileged")
      .map(({ metadata }) => metadata.name);
    expect(held).toEqual(["skyline-system"]);
    const { plugins } = yaml(flags("kube-apiserver")["admission-control-config-file"]!) as {
      plugins: { configuration: { exemptions?: { namespaces: string[] } } }[];
    };
    const exempt = plugins.flatMap(({ configuration }) => configuration.exemptions?.namespaces ?? []);
    expect(exempt).toEqual(["kube-system", "skyline-add-ons"]);
    expect(exempt).not.toEqual(expect.arrayContaining(held));
  });

  test("it asks every member of etcd, and issues tokens in the name of its cluster's endpoint", () => {
    expect(flags("kube-apiserver")).toMatchObject({
      "secure-port": "6443",
      "etcd-servers": [0, 1, 2]
        .map((index) => `https://etcd-${index}.alpha.development.example.internal:2379`)
        .join(","),
      "service-account-issuer": "https://api.alpha.development.example.internal",
      "service-cluster-ip-range": "172.20.0.0/16",
    });
  });

  test("every file that its flags name is the user data's or of the secret", () => {
    const named = Object.values(flags("kube-apiserver")).filter((value) => value.startsWith("/etc/"));
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((path) => !path.startsWith("/etc/kubernetes/pki/") && !(path in run.files))).toEqual(
      [],
    );
  });
});

test.each<[string, string, string, string]>([
  ["1.3.1", "kube-controller-manager", "terminated-pod-gc-threshold", "1000"],
  ["1.3.2", "kube-controller-manager", "profiling", "false"],
  ["1.3.3", "kube-controller-manager", "use-service-account-credentials", "true"],
  [
    "1.3.4",
    "kube-controller-manager",
    "service-account-private-key-file",
    "/etc/kubernetes/pki/service-account.key",
  ],
  ["1.3.5", "kube-controller-manager", "root-ca-file", "/etc/kubernetes/pki/ca.crt"],
  ["1.3.7", "kube-controller-manager", "bind-address", "127.0.0.1"],
  ["1.4.1", "kube-scheduler", "profiling", "false"],
  ["1.4.2", "kube-scheduler", "bind-address", "127.0.0.1"],
])("CIS %s: %s has --%s=%s", (_number, program, flag, value) => {
  expect(flags(program)[flag]).toBe(value);
});

test("nodes get their pods' networks, the cloud is left to its own controller, and certificates are short-lived", () => {
  expect(flags("kube-controller-manager")).toMatchObject({
    "allocate-node-cidrs": "true",
    "cluster-cidr": "100.64.0.0/16",
    "node-cidr-mask-size": "24",
    "service-cluster-ip-range": "172.20.0.0/16",
    "cloud-provider": "external",
    "cluster-signing-duration": "720h",
    "cluster-signing-key-file": "/etc/kubernetes/pki/ca.key",
  });
});

test("Secrets are encrypted by KMS alone, by the provider whose socket both name", () => {
  const { resources } = yaml("/etc/kubernetes/encryption.yaml") as { resources: unknown };
  expect(resources).toEqual([
    {
      resources: ["secrets"],
      providers: [
        {
          kms: {
            apiVersion: "v2",
            name: "aws-encryption-provider",
            endpoint: "unix:///run/aws-encryption-provider/socket.sock",
            timeout: "3s",
          },
        },
      ],
    },
  ]);
  expect(flags("aws-encryption-provider")).toEqual({
    key: "@@KEY@@",
    region: "us-east-1",
    listen: "/run/aws-encryption-provider/socket.sock",
    "encryption-context": "cluster=development-alpha",
    "health-kms-version": "v2",
    "health-port": "127.0.0.1:8083",
  });
});

test("without a name one may ask for health and nothing else", () => {
  expect(yaml("/etc/kubernetes/authentication.yaml")).toEqual({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    anonymous: { enabled: true, conditions: [{ path: "/livez" }, { path: "/readyz" }, { path: "/healthz" }] },
  });
});

test("IAM's roles and users become whom they are in Kubernetes, by the ARN with which they call", () => {
  expect(yaml("/etc/kubernetes/authenticator.yaml")).toEqual({
    clusterID: "development-alpha",
    server: {
      address: "127.0.0.1",
      port: 21362,
      backendMode: ["MountedFile"],
      mapRoles: [
        {
          rolearn: "arn:aws:iam::111111111111:role/platform-admin",
          username: "skyline:admin:{{SessionName}}",
          groups: ["system:masters"],
        },
        {
          rolearn: "arn:aws:iam::111111111111:role/Break-Glass",
          username: "skyline:admin:{{SessionName}}",
          groups: ["system:masters"],
        },
        {
          rolearn: "arn:aws:iam::111111111111:role/atlantis",
          username: "skyline:deployer:{{SessionName}}",
          groups: ["skyline:deployers"],
        },
        {
          rolearn: "@@WORKER_ROLE@@",
          username: "system:node:{{EC2PrivateDNSName}}",
          groups: ["system:bootstrappers", "skyline:nodes-joining"],
        },
      ],
      mapUsers: [
        {
          userarn: "arn:aws:iam::111111111111:user/teams/bob",
          username: "skyline:admin:bob",
          groups: ["system:masters"],
        },
      ],
    },
  });
});

test("the audit log never has the body of what holds secrets", () => {
  interface Rule {
    readonly level: string;
    readonly resources?: readonly { readonly group: string; readonly resources: readonly string[] }[];
  }
  const { rules } = yaml("/etc/kubernetes/audit-policy.yaml") as { rules: readonly Rule[] };
  const firstFor = (group: string, resource: string) =>
    rules.find(
      (rule) =>
        !("verbs" in rule) &&
        !("userGroups" in rule) &&
        !("nonResourceURLs" in rule) &&
        (rule.resources ?? [{ group, resources: [resource] }]).some(
          (of) => of.group === group && of.resources.includes(resource),
        ),
    )?.level;
  expect(firstFor("", "secrets")).toBe("Metadata");
  expect(firstFor("", "configmaps")).toBe("Metadata");
  expect(firstFor("", "serviceaccounts/token")).toBe("Metadata");
  expect(firstFor("authentication.k8s.io", "tokenreviews")).toBe("Metadata");
  expect(firstFor("", "pods/exec")).toBe("Metadata");
  expect(firstFor("apps", "deployments")).toBe("Request");
});
