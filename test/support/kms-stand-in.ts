import { loadPackageDefinition, Server, ServerCredentials, type sendUnaryData } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { join } from "node:path";

interface Loaded {
  readonly v2: { readonly KeyManagementService: { readonly service: Parameters<Server["addService"]>[0] } };
}

type Call<Request, Response> = (call: { request: Request }, callback: sendUnaryData<Response>) => void;

/** Stands for aws-encryption-provider on its socket. What it calls encrypted is turned over, bit by bit. */
export async function startKms(socket: string): Promise<{ stop(): void }> {
  const { v2 } = loadPackageDefinition(
    loadSync(join(__dirname, "boot-kms.proto"), { keepCase: true }),
  ) as unknown as Loaded;
  const turned = (bytes: Buffer) => Buffer.from(bytes.map((byte) => byte ^ 0xff));
  const Status: Call<object, object> = (_, callback) =>
    callback(null, { version: "v2", healthz: "ok", key_id: "key" });
  const Encrypt: Call<{ plaintext: Buffer }, object> = ({ request }, callback) =>
    callback(null, { ciphertext: turned(request.plaintext), key_id: "key" });
  const Decrypt: Call<{ ciphertext: Buffer }, object> = ({ request }, callback) =>
    callback(null, { plaintext: turned(request.ciphertext) });
  const server = new Server();
  server.addService(v2.KeyManagementService.service, { Status, Encrypt, Decrypt });
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) =>
      error === null ? resolve() : reject(error),
    ),
  );
  return { stop: () => server.forceShutdown() };
}
