import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GoTool, goTool } from "./go-tool";
import type { KeyPair } from "./kubernetes-certificates";
import { type Component, apiServer, controllerManager, etcd, kwok, scheduler } from "./kubernetes-components";
import { type ClusterFiles, writeClusterFiles } from "./kubernetes-files";
import { type ApplyOptions, Kubectl, type KubectlOptions, type KubectlResult } from "./kubernetes-kubectl";
import { type NodeLabels, createNodes, nodesTakePods } from "./kubernetes-nodes";
import { freePort } from "../../operations/ports";
import { ManagedProcess, httpGet } from "./process";

export type { ApplyOptions, KeyPair, KubectlOptions, KubectlResult, NodeLabels };

export interface KubernetesOptions {
  /** Simulated nodes: `node-0` and on. @default 1 */
  readonly nodes?: number;
  /** @default none but those of every kubelet */
  readonly nodeLabels?: NodeLabels;
  /** Where all of its state goes; empty or absent. @default a new temporary folder */
  readonly directory?: string;
  /** A file that names a TokenReview webhook (--authentication-token-webhook-config-file). */
  readonly authenticationWebhookConfig?: string;
  /** Added last, so that they win over flags of the same name. */
  readonly extraApiServerFlags?: readonly string[];
}

/** A control plane of real parts on loopback. Its nodes are simulated: pods turn Ready, and run nothing. */
export interface KubernetesCluster {
  /** Path of the administrator's kubeconfig (group system:masters). */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:port` */
  readonly server: string;
  readonly caFile: string;
  readonly directory: string;
  /** What its go.mod names, and so what it should report: `v1.35.4`. */
  readonly version: string;
  /** In the order they were started; each has a log file in `directory`. */
  readonly processes: readonly ManagedProcess[];
  /** Runs kubectl, as the administrator or as someone else. A failure is a code, not a rejection. */
  kubectl(args: readonly string[], options?: KubectlOptions): Promise<KubectlResult>;
  /** Server-side apply, strict. Rejects with what the API server said. */
  apply(yamlOrJson: string, options?: ApplyOptions): Promise<KubectlResult>;
  /** PEM texts that make their holder this user in these groups. */
  clientCertificate(user: string, groups: readonly string[]): Promise<KeyPair>;
  /** Ends its processes and removes its directory. */
  stop(): Promise<void>;
}

/** Starts a cluster and resolves when its nodes take pods. Several may run beside each other. */
export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesCluster> {
  const [etcdTool, kubernetesTool, kwokTool] = await Promise.all([
    goTool("etcd"),
    goTool("kubernetes"),
    goTool("kwok"),
  ]);
  const directory = await stateDirectory(options.directory);
  const processes: ManagedProcess[] = [];
  const stop = async () => {
    await stopInReverse(processes);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const apiPort = await freePort();
    const server = `https://127.0.0.1:${apiPort}`;
    const files = await writeClusterFiles(directory, server);
    const kubectl = new Kubectl(files.kubeconfigs.admin, directory);
    const tools = { etcd: etcdTool, kubernetes: kubernetesTool, kwok: kwokTool };
    await startProcesses({ tools, directory, processes, apiPort, server, files, kubectl }, options);
    return {
      kubeconfig: files.kubeconfigs.admin,
      server,
      caFile: files.authority.certFile,
      directory,
      version: kubernetesTool.version,
      processes,
      kubectl: (args, kubectlOptions) => kubectl.run(args, kubectlOptions),
      apply: (manifests, applyOptions) => kubectl.apply(manifests, applyOptions),
      clientCertificate: (user, groups) => files.authority.client(user, groups),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Beginnings {
  readonly tools: Readonly<Record<"etcd" | "kubernetes" | "kwok", GoTool>>;
  readonly directory: string;
  readonly processes: ManagedProcess[];
  readonly apiPort: number;
  readonly server: string;
  readonly files: ClusterFiles;
  readonly kubectl: Kubectl;
}

// For each part: a second or a few where the machine has nothing else to do.
const patience = { timeoutMs: 60_000 };

async function startProcesses(cluster: Beginnings, options: KubernetesOptions): Promise<void> {
  const { tools, directory, processes, server, files } = cluster;
  const { serving: tls, kubeconfigs, authority } = files;
  const run = async (component: Component) => {
    const process = await ManagedProcess.start({
      ...component,
      logFile: join(directory, `${component.name}.log`),
    });
    processes.push(process);
    return process;
  };
  const get = (url: string) => httpGet(url, { ca: authority.cert, ...files.admin });

  const etcdPort = await freePort();
  const store = await run(
    etcd(tools.etcd, { data: join(directory, "etcd"), clientPort: etcdPort, peerPort: await freePort() }),
  );
  await store.ready(() => get(`http://127.0.0.1:${etcdPort}/readyz`), patience);

  const api = await run(
    apiServer(tools.kubernetes, {
      port: cluster.apiPort,
      etcdPort,
      clientCaFile: authority.certFile,
      tls,
      serviceAccount: files.serviceAccount,
      authenticationWebhookConfig: options.authenticationWebhookConfig,
      extraFlags: options.extraApiServerFlags ?? [],
    }),
  );
  await api.ready(() => get(`${server}/readyz`), patience);

  const controllerPort = await freePort();
  const controllers = await run(
    controllerManager(tools.kubernetes, {
      port: controllerPort,
      kubeconfig: kubeconfigs.controllerManager,
      tls,
      ca: authority,
      serviceAccountPrivateKeyFile: files.serviceAccount.privateKeyFile,
    }),
  );
  const schedulerPort = await freePort();
  const scheduling = await run(
    scheduler(tools.kubernetes, { port: schedulerPort, kubeconfig: kubeconfigs.scheduler, tls }),
  );
  const kwokPort = await freePort();
  const kubelets = await run(kwok(tools.kwok, { port: kwokPort, kubeconfig: kubeconfigs.kwok, directory }));

  const { nodes = 1, nodeLabels = {} } = options;
  await createNodes(cluster.kubectl, nodes, nodeLabels, tools.kubernetes.version);
  await Promise.all([
    // Pods are refused in a namespace without it.
    controllers.ready(() => get(`${server}/api/v1/namespaces/default/serviceaccounts/default`), patience),
    scheduling.ready(() => get(`https://127.0.0.1:${schedulerPort}/readyz`), patience),
    kubelets.ready(async () => nodesTakePods(await get(`${server}/api/v1/nodes`), nodes), patience),
  ]);
}

/** Those that others depend on end last: each waits for its dependencies while it ends. */
async function stopInReverse(processes: readonly ManagedProcess[]): Promise<void> {
  const [store, api, ...clients] = processes;
  await Promise.all(clients.map((process) => process.stop()));
  await api?.stop();
  await store?.stop();
}

async function stateDirectory(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) return mkdtemp(join(tmpdir(), "skyline-kubernetes-"));
  await mkdir(wanted, { recursive: true });
  // It is removed at the end: never somebody else's files.
  if ((await readdir(wanted)).length > 0)
    throw new Error(`${wanted} is not empty: a cluster wants a folder of its own`);
  return wanted;
}
