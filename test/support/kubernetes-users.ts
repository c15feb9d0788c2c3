import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { KubernetesCluster } from "./kubernetes";
import type { KeyPair } from "./kubernetes-certificates";
import { kubeconfig } from "./kubernetes-kubeconfig";
import { Kubectl } from "./kubernetes-kubectl";

/** Kubernetes' name and groups of a service account, for a client certificate in place of its token. */
export const accountIdentity = (namespace: string, name: string) => ({
  user: `system:serviceaccount:${namespace}:${name}`,
  groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
});

/** A kubeconfig of somebody with this certificate; `directory` keeps it. */
export async function kubeconfigOf(
  cluster: KubernetesCluster,
  directory: string,
  name: string,
  pair: KeyPair,
): Promise<string> {
  const file = join(directory, `${name.replaceAll(":", "-")}.kubeconfig`);
  await writeFile(file, kubeconfig(cluster.server, await readFile(cluster.caFile, "utf8"), pair));
  return file;
}

/** kubectl of somebody with a client certificate. */
export async function kubectlOf(
  cluster: KubernetesCluster,
  directory: string,
  user: string,
  groups: readonly string[],
): Promise<Kubectl> {
  const pair = await cluster.clientCertificate(user, groups);
  return new Kubectl(await kubeconfigOf(cluster, directory, user, pair), directory);
}

/** kubectl as the administrator; rejects with what it said. */
export class Administrator {
  constructor(private readonly cluster: KubernetesCluster) {}

  async run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cluster.kubectl(args);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${stderr}`);
    return stdout;
  }

  async get<T>(...what: string[]): Promise<T> {
    return JSON.parse(await this.run("get", ...what, "-o", "json")) as T;
  }

  async list<T>(...what: string[]): Promise<readonly T[]> {
    return (await this.get<{ items: T[] }>(...what)).items;
  }
}
