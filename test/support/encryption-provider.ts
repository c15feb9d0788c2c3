/**
 * Stands for aws-encryption-provider, of which Debian and the package registries have no build: the same flags, the same
 * API on the same socket, and calls of KMS. Like a program with AWS' SDK it has credentials and the endpoint from its
 * environment, and otherwise those of the instance. Runs outside Jest, with the .proto beside it.
 */
import { loadPackageDefinition, Server, ServerCredentials, status, type sendUnaryData } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

/** The real one's flags, with its defaults (cmd/server/main.go). */
const DEFAULTS: Readonly<Record<string, string>> = {
  "health-port": ":8080",
  "healthz-path": "/healthz",
  "livez-path": "/livez",
  listen: "/var/run/kmsplugin/socket.sock",
  key: "",
  "health-kms-version": "v1",
  region: "",
  "retry-token-capacity": "0",
  "encryption-context": "",
  "source-arn": "",
};

function flagsOf(args: readonly string[]): (name: string) => string {
  const flags = { ...DEFAULTS };
  for (const arg of args) {
    const [, name = "", value = ""] = /^--([a-z-]+)=(.*)$/.exec(arg) ?? [];
    if (!(name in DEFAULTS)) throw new Error(`unknown flag: ${arg}`);
    flags[name] = value;
  }
  return (name) => flags[name] ?? "";
}

const flag = flagsOf(process.argv.slice(2));
const KeyId = flag("key");
const pairs = flag("encryption-context").split(",").filter(Boolean);
const region = flag("region");
const EncryptionContext = Object.fromEntries(pairs.map((pair) => pair.split("=")));

interface Answer {
  readonly CiphertextBlob: string;
  readonly Plaintext: string;
}

interface Credentials {
  readonly AccessKeyId: string;
  readonly Token?: string;
}

async function kms(action: "Encrypt" | "Decrypt", parameters: object): Promise<Answer> {
  const { AccessKeyId, Token } = await credentials();
  const scope = `${AccessKeyId}/20260101/${region}/kms/aws4_request`;
  const answer = await fetch(process.env.AWS_ENDPOINT_URL ?? `https://kms.${region}.amazonaws.com/`, {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `TrentService.${action}`,
      ...(Token === undefined ? {} : { "x-amz-security-token": Token }),
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify({ EncryptionContext, ...parameters }),
    signal: AbortSignal.timeout(5_000),
  });
  if (!answer.ok) throw new Error(`KMS answered ${answer.status} to ${action}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}

async function credentials(): Promise<Credentials> {
  const { AWS_ACCESS_KEY_ID: given } = process.env;
  if (given !== undefined) return { AccessKeyId: given };
  const metadata = "http://169.254.169.254/latest";
  const asked = await fetch(`${metadata}/api/token`, {
    method: "PUT",
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" },
  });
  const headers = { "x-aws-ec2-metadata-token": await asked.text() };
  const list = `${metadata}/meta-data/iam/security-credentials/`;
  const role = await (await fetch(list, { headers })).text();
  return (await (await fetch(`${list}${role}`, { headers })).json()) as Credentials;
}

/** A call of gRPC as a function of its request. */
const call =
  <Request, Response>(work: (request: Request) => Promise<Response>) =>
  ({ request }: { request: Request }, callback: sendUnaryData<Response>) => {
    work(request).then(
      (response) => callback(null, response),
      (error: Error) => callback({ code: status.INTERNAL, message: error.message }),
    );
  };

const service = {
  Status: call(async () => {
    // As the real one finds out whether it is healthy.
    await kms("Encrypt", { KeyId, Plaintext: Buffer.from("health").toString("base64") });
    return { version: "v2", healthz: "ok", key_id: KeyId };
  }),
  Encrypt: call(async ({ plaintext }: { plaintext: Buffer }) => {
    const { CiphertextBlob } = await kms("Encrypt", { KeyId, Plaintext: plaintext.toString("base64") });
    return { ciphertext: Buffer.from(CiphertextBlob, "base64"), key_id: KeyId };
  }),
  Decrypt: call(async ({ ciphertext }: { ciphertext: Buffer }) => {
    const { Plaintext } = await kms("Decrypt", { CiphertextBlob: ciphertext.toString("base64") });
    return { plaintext: Buffer.from(Plaintext, "base64") };
  }),
};

interface Loaded {
  readonly v2: { readonly KeyManagementService: { readonly service: Parameters<Server["addService"]>[0] } };
}

const { v2 } = loadPackageDefinition(
  loadSync(join(__dirname, "encryption-provider.proto"), { keepCase: true }),
) as unknown as Loaded;
const server = new Server();
server.addService(v2.KeyManagementService.service, service);
rmSync(flag("listen"), { force: true });
server.bindAsync(`unix://${flag("listen")}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
const [host, port] = flag("health-port").split(":");
createServer((request, response) => {
  const answer = (status: number, body: string) => response.writeHead(status).end(body);
  if (request.url === flag("livez-path")) answer(200, "ok");
  else if (request.url !== flag("healthz-path")) answer(404, "");
  else
    service.Status({ request: {} }, (error) =>
      error === null ? answer(200, "ok") : answer(500, JSON.stringify(error)),
    );
}).listen(Number(port), host || "0.0.0.0");
