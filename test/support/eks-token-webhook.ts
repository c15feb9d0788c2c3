import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { signedAsSent } from "./boot-signature";

/** An IAM identity that tokens are signed by. */
export interface Identity {
  readonly accessKey: string;
  readonly secretKey: string;
  /** What Kubernetes knows it as; undefined: the cluster has no entry for it. */
  readonly user?: { readonly username: string; readonly groups: readonly string[] };
}

/**
 * Answers an API server's TokenReviews for tokens of `aws eks get-token`, as EKS and aws-iam-authenticator do: a token
 * is a signed request to STS, and the cluster's name is a part of what is signed. STS is asked by nobody: the signature
 * is computed again from the keys that the test has given out.
 */
export class EksTokenWebhook {
  static async start(cluster: string, identities: readonly Identity[]): Promise<EksTokenWebhook> {
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => (body += text));
      request.on("end", () => {
        const review = JSON.parse(body) as { apiVersion: string; spec: { token?: string } };
        const user = userOf(review.spec.token ?? "", cluster, identities);
        const status = user === undefined ? { authenticated: false } : { authenticated: true, user };
        response.setHeader("Content-Type", "application/json");
        response.end(JSON.stringify({ apiVersion: review.apiVersion, kind: "TokenReview", status }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new EksTokenWebhook(server);
  }

  private constructor(private readonly server: Server) {}

  /** For --authentication-token-webhook-config-file. */
  get config(): string {
    const { port } = this.server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "webhook", cluster: { server: `http://127.0.0.1:${port}/` } }],
      users: [{ name: "api-server", user: {} }],
      contexts: [{ name: "webhook", context: { cluster: "webhook", user: "api-server" } }],
      "current-context": "webhook",
    });
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const PREFIX = "k8s-aws-v1.";

function userOf(token: string, cluster: string, identities: readonly Identity[]): Identity["user"] {
  if (!token.startsWith(PREFIX)) {
    return undefined;
  }
  const url = new URL(Buffer.from(token.slice(PREFIX.length), "base64url").toString("utf8"));
  const sent = {
    method: "GET",
    url: `${url.pathname}${url.search}`,
    headers: { host: url.host, "x-k8s-aws-id": cluster },
  };
  const [accessKey] = (url.searchParams.get("X-Amz-Credential") ?? "").split("/");
  const identity = identities.find((known) => known.accessKey === accessKey);
  return signedAsSent(sent, () => identity?.secretKey) ? identity?.user : undefined;
}
