import type { KeyPair } from "./kubernetes-certificates";

/** A kubeconfig with everything inside, so that it works wherever it is copied. JSON is YAML. */
export function kubeconfig(server: string, ca: string, user: KeyPair): string {
  const name = "skyline-test";
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(ca) } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    users: [
      { name, user: { "client-certificate-data": base64(user.cert), "client-key-data": base64(user.key) } },
    ],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}
