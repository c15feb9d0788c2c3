import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CertificateAuthority, type KeyPair, serviceAccountKeys } from "./kubernetes-certificates";
import type { TlsFiles } from "./kubernetes-components";
import { kubeconfig } from "./kubernetes-kubeconfig";

/** What the parts of one cluster read at their start: paths, except for `authority` and `admin`. */
export interface ClusterFiles {
  readonly authority: CertificateAuthority;
  readonly admin: KeyPair;
  readonly serving: TlsFiles;
  readonly serviceAccount: { readonly publicKeyFile: string; readonly privateKeyFile: string };
  readonly kubeconfigs: Readonly<Record<"admin" | "controllerManager" | "scheduler" | "kwok", string>>;
}

export async function writeClusterFiles(directory: string, server: string): Promise<ClusterFiles> {
  const write = async (name: string, content: string) => {
    const path = join(directory, name);
    await writeFile(path, content, { mode: 0o600 });
    return path;
  };
  const authority = await CertificateAuthority.create(join(directory, "pki"));
  const [tokens, serving, admin, controllerManager, scheduler, kwok] = await Promise.all([
    serviceAccountKeys(),
    authority.server("kube-apiserver"),
    authority.client("skyline-test-admin", ["system:masters"]),
    // The names that the API server's own role bindings know.
    authority.client("system:kube-controller-manager", []),
    authority.client("system:kube-scheduler", []),
    authority.client("kwok", ["system:masters"]),
  ]);
  const configFor = (user: KeyPair) => kubeconfig(server, authority.cert, user);
  return {
    authority,
    admin,
    serving: {
      certFile: await write("serving.crt", serving.cert),
      keyFile: await write("serving.key", serving.key),
    },
    serviceAccount: {
      publicKeyFile: await write("service-account.pub", tokens.publicKey),
      privateKeyFile: await write("service-account.key", tokens.privateKey),
    },
    kubeconfigs: {
      admin: await write("kubeconfig", configFor(admin)),
      controllerManager: await write("kube-controller-manager.kubeconfig", configFor(controllerManager)),
      scheduler: await write("kube-scheduler.kubeconfig", configFor(scheduler)),
      kwok: await write("kwok.kubeconfig", configFor(kwok)),
    },
  };
}
