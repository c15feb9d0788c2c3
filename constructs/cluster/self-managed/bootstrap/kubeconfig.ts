import { stringify } from "yaml";

/** A kubeconfig of a program on the node; its keys stay in files. */
export interface KubeconfigSettings {
  /** URL of what is called. */
  readonly server: string;
  readonly certificateAuthorityFile: string;
  /** How the caller shows who it is; without it, it does not. */
  readonly user?: object;
}

export function renderKubeconfig(settings: KubeconfigSettings): string {
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "cluster",
          cluster: { server: settings.server, "certificate-authority": settings.certificateAuthorityFile },
        },
      ],
      users: [{ name: "user", user: settings.user ?? {} }],
      contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
      "current-context": "context",
    },
    { lineWidth: 0 },
  );
}
