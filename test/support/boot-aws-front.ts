import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { signedAsSent } from "./boot-signature";
import type { AwsCall } from "./boot-types";

export interface AwsFrontOptions {
  readonly address: string;
  readonly certificate: { readonly cert: string; readonly key: string };
  /** Unix socket of the emulator. */
  readonly emulator: string;
  /** Secret access key of an access key that was handed out. */
  readonly secretOf: (accessKey: string) => string | undefined;
  /** Called with each call that the emulator accepted, before its answer is passed on. */
  readonly after: (call: Call) => Promise<void>;
}

export interface Call {
  /** Address of the machine that called. */
  readonly from: string;
  readonly service: string;
  readonly action: string;
  readonly status: number;
  readonly body: string;
}

/** AWS at its own names: TLS, and the emulator behind it. STS answers in JSON who asks for JSON, which moto does not. */
export function startAwsFront(options: AwsFrontOptions): Promise<unknown> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    serve(options, request, response).catch((error: Error) => {
      if (!response.headersSent) response.writeHead(502);
      response.end(`the emulator did not answer: ${error.message}`);
    });
  };
  const listening = (server: ReturnType<typeof createServer>, port: number) =>
    new Promise<void>((resolve) => server.listen(port, options.address, resolve));
  return Promise.all([
    listening(createTlsServer(options.certificate, answer), 443),
    listening(createServer(answer), 80),
  ]);
}

async function serve(options: AwsFrontOptions, request: IncomingMessage, response: ServerResponse) {
  const body = await collect(request);
  const own = answerOfOurs(new URLSearchParams(body.toString("latin1")).get("Action"));
  if (own !== undefined) {
    const from = addressOf(request);
    const action = /<(\w+)Response /.exec(own)?.[1] ?? "";
    await options.after({ from, service: "autoscaling", action, status: 200, body: body.toString("latin1") });
    response.writeHead(200, { "content-type": "text/xml" }).end(own);
    return;
  }
  if (isPresigned(request) && !signedAsSent(request, options.secretOf)) {
    response.writeHead(403, { "content-type": "application/json" });
    response.end('{"Error":{"Code":"SignatureDoesNotMatch"}}');
    return;
  }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method, url: path } = request;
    const headers = { ...request.headers, ...authorizationOf(request) };
    const sent = httpRequest({ socketPath: options.emulator, method, path, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  const content = await collect(answer);
  const status = answer.statusCode ?? 502;
  const host = request.headers.host ?? "";
  const parameters = new URLSearchParams((request.url ?? "").split("?")[1] ?? "");
  const target = request.headers["x-amz-target"];
  const form = new URLSearchParams(body.toString("latin1"));
  const action = String(target ?? parameters.get("Action") ?? form.get("Action") ?? request.method);
  const service = /([a-z0-9-]+?)(\.[a-z]{2}(-[a-z]+)+-\d)?\.amazonaws\.com$/.exec(host)?.[1] ?? host;
  await options.after({
    from: addressOf(request),
    service,
    action: action.split(".").at(-1) ?? action,
    status,
    body: service === "s3" ? (request.url ?? "") : body.toString("utf8"),
  });
  const asked = request.headers.accept ?? "";
  if (action === "GetCallerIdentity" && asked.includes("application/json") && status === 200) {
    response.writeHead(200, { "content-type": "application/json" });
    response.end(identityAsJson(content.toString("utf8")));
    return;
  }
  const { "transfer-encoding": _, ...headers } = answer.headers;
  response.writeHead(status, headers);
  response.end(content);
}

const isPresigned = ({ url = "" }: IncomingMessage) => url.includes("X-Amz-Signature=");

/** A signature in the query says the same as one in a header, and moto knows a service of AWS by the latter alone. */
function authorizationOf({ url = "", headers }: IncomingMessage): { authorization?: string } {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  const credential = query.get("X-Amz-Credential");
  if (credential === null || headers.authorization !== undefined) return {};
  const parts = [
    `Credential=${credential}`,
    `SignedHeaders=${query.get("X-Amz-SignedHeaders")}`,
    `Signature=${query.get("X-Amz-Signature")}`,
  ];
  return { authorization: `${query.get("X-Amz-Algorithm")} ${parts.join(", ")}` };
}

const addressOf = (request: IncomingMessage) => (request.socket.remoteAddress ?? "").replace("::ffff:", "");

/** Calls of Auto Scaling's lifecycle hooks, which moto does not know: taken, and seen by who reads the calls. */
function answerOfOurs(action: string | null): string | undefined {
  if (action !== "CompleteLifecycleAction" && action !== "RecordLifecycleActionHeartbeat") return undefined;
  const metadata =
    "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>";
  const namespace = "http://autoscaling.amazonaws.com/doc/2011-01-01/";
  return `<${action}Response xmlns="${namespace}"><${action}Result/>${metadata}</${action}Response>`;
}

function identityAsJson(xml: string): string {
  const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "";
  const result = { Account: part("Account"), Arn: part("Arn"), UserId: part("UserId") };
  return JSON.stringify({
    GetCallerIdentityResponse: {
      GetCallerIdentityResult: result,
      ResponseMetadata: { RequestId: part("RequestId") },
    },
  });
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** What tests read of a call. */
export const recorded = (call: Call, instance: string): AwsCall => ({
  at: Date.now(),
  instance,
  service: call.service,
  action: call.action,
  status: call.status,
  body: call.body,
});
