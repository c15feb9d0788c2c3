import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type GoTool, binaryOf } from "./go-tool";

/** A program of a cluster and its flags: `ManagedProcess.start` with a log file added. */
export interface Component {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const SERVICE_CIDR = "172.20.0.0/16"; // EKS's own choice

export function etcd(tool: GoTool, paths: { data: string; clientPort: number; peerPort: number }): Component {
  const client = `http://127.0.0.1:${paths.clientPort}`;
  const peer = `http://127.0.0.1:${paths.peerPort}`;
  return {
    name: "etcd",
    command: binaryOf(tool),
    args: [
      `--data-dir=${paths.data}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync", // its data does not outlive a test
    ],
  };
}

export interface ApiServerOptions {
  readonly port: number;
  readonly etcdPort: number;
  readonly clientCaFile: string;
  readonly tls: TlsFiles;
  readonly serviceAccount: { readonly publicKeyFile: string; readonly privateKeyFile: string };
  readonly authenticationWebhookConfig?: string;
  readonly extraFlags: readonly string[];
}

export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export function apiServer(tool: GoTool, options: ApiServerOptions): Component {
  const webhook = options.authenticationWebhookConfig;
  return {
    name: "kube-apiserver",
    command: binaryOf(tool, "kube-apiserver"),
    args: [
      ...serving(options.port, options.tls),
      `--etcd-servers=http://127.0.0.1:${options.etcdPort}`,
      `--client-ca-file=${options.clientCaFile}`,
      "--authorization-mode=Node,RBAC",
      "--allow-privileged=true", // as EKS and kubeadm set it
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      "--service-account-issuer=https://kubernetes.default.svc",
      `--service-account-key-file=${options.serviceAccount.publicKeyFile}`,
      `--service-account-signing-key-file=${options.serviceAccount.privateKeyFile}`,
      // No pod runs, so nobody follows the endpoints of the service "kubernetes", which may not be loopback addresses.
      "--advertise-address=127.0.0.1",
      "--endpoint-reconciler-type=none",
      ...(webhook === undefined ? [] : [`--authentication-token-webhook-config-file=${webhook}`]),
      ...options.extraFlags,
    ],
  };
}

// By default a client of the API server paces itself to 20 requests a second, and 100 nodes take half a minute.
const UNPACED = ["--kube-api-qps=500", "--kube-api-burst=1000"];

export interface ControllerManagerOptions {
  readonly port: number;
  readonly kubeconfig: string;
  readonly tls: TlsFiles;
  readonly ca: TlsFiles;
  readonly serviceAccountPrivateKeyFile: string;
}

export function controllerManager(tool: GoTool, options: ControllerManagerOptions): Component {
  return {
    name: "kube-controller-manager",
    command: binaryOf(tool, "kube-controller-manager"),
    args: [
      ...serving(options.port, options.tls),
      `--kubeconfig=${options.kubeconfig}`,
      "--leader-elect=false",
      ...UNPACED,
      "--use-service-account-credentials=true", // each controller with its own rights, as in a real cluster
      `--root-ca-file=${options.ca.certFile}`,
      `--cluster-signing-cert-file=${options.ca.certFile}`,
      `--cluster-signing-key-file=${options.ca.keyFile}`,
      `--service-account-private-key-file=${options.serviceAccountPrivateKeyFile}`,
    ],
  };
}

export interface SchedulerOptions {
  readonly port: number;
  readonly kubeconfig: string;
  readonly tls: TlsFiles;
}

export function scheduler(tool: GoTool, options: SchedulerOptions): Component {
  return {
    name: "kube-scheduler",
    command: binaryOf(tool, "kube-scheduler"),
    args: [
      ...serving(options.port, options.tls),
      `--kubeconfig=${options.kubeconfig}`,
      "--leader-elect=false",
      ...UNPACED,
    ],
  };
}

// The fast stages make nodes and pods Ready at once. The chaos stages act only on what carries their label, for instance
// `pod-container-running-failed.stage.kwok.x-k8s.io=true` on a pod.
const STAGES = ["node/fast", "node/heartbeat-with-lease", "node/chaos", "pod/fast", "pod/chaos"];

export function kwok(
  tool: GoTool,
  options: { port: number; kubeconfig: string; directory: string },
): Component {
  const stages = STAGES.flatMap((stage) => {
    const folder = join(tool.directory, "assets", stage);
    const files = readdirSync(folder).filter(
      (file) => file.endsWith(".yaml") && file !== "kustomization.yaml",
    );
    return files.map((file) => join(folder, file));
  });
  return {
    name: "kwok",
    command: binaryOf(tool),
    args: [
      `--kubeconfig=${options.kubeconfig}`,
      `--server-address=127.0.0.1:${options.port}`,
      "--manage-all-nodes=true",
      "--node-lease-duration-seconds=40", // as a kubelet
      ...stages.map((file) => `--config=${file}`),
    ],
    env: { KWOK_WORKDIR: options.directory }, // not the user's own kwok configuration
  };
}

function serving(port: number, tls: TlsFiles): string[] {
  return [
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${tls.certFile}`,
    `--tls-private-key-file=${tls.keyFile}`,
  ];
}
