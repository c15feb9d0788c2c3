/**
 * What is around a pod, in a network namespace: started by netns.ts with the path of its settings. All addresses of IPv4
 * are local here, so that whatever the pod calls is answered by this program, and remembered.
 */
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { decodeQuestion, encodeAnswer } from "./netns-dns";

export interface Address {
  readonly address: string;
  readonly port: number;
}

export interface WorldSettings {
  /** Unix socket that answers what was seen. */
  readonly control: string;
  /** Unix sockets that lead to an address in the namespace: Unix sockets know no network namespaces. */
  readonly doors: readonly (Address & { readonly socket: string })[];
  readonly dns: { readonly address: string; readonly names: Readonly<Record<string, string>> };
  /** Ports on which every address answers HTTP. */
  readonly ports: readonly number[];
  /** Connections to one address that go on to another, as kube-proxy makes it of a Service. */
  readonly relays: readonly (Address & { readonly to: Address })[];
}

/** A request as a backend got it. */
export interface SeenRequest extends Address {
  /** Number of the connection that it came by. */
  readonly connection: number;
  readonly method: string;
  /** As it was sent. */
  readonly target: string;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface Seen {
  readonly requests: readonly SeenRequest[];
  /** Names that kubedns was asked for, without repetition. */
  readonly names: readonly string[];
  /** Connections of which a backend could make nothing. */
  readonly malformed: readonly string[];
}

const settings = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as WorldSettings;
let requests: SeenRequest[] = [];
let names = new Set<string>();
let malformed: string[] = [];
let answersNames = true;
let connections = 0;

execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["route", "add", "local", "0.0.0.0/0", "dev", "lo"]);

const kubeDns = createSocket("udp4");
kubeDns.on("message", (query, from) => {
  const question = decodeQuestion(query);
  if (question === undefined || !answersNames) return;
  names.add(question.name);
  kubeDns.send(encodeAnswer(query, question, settings.dns.names[question.name]), from.port, from.address);
});

/** Echoes the request as JSON. `?wait=MS` answers after that time, `?status=CODE` with that status. */
const backend = createHttpServer((request: IncomingMessage, response: ServerResponse) => {
  let body = "";
  request.setEncoding("utf8").on("data", (text: string) => (body += text));
  request.on("end", () => {
    const { socket, method = "", url: target = "", rawHeaders } = request;
    const seen: SeenRequest = {
      address: socket.localAddress ?? "",
      port: socket.localPort ?? 0,
      connection: numberOf(socket),
      method,
      target,
      rawHeaders,
      body,
    };
    requests.push(seen);
    const query = new URLSearchParams(target.split("?")[1]);
    setTimeout(
      () => {
        response.statusCode = Number(query.get("status") ?? 200);
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify(seen));
      },
      Number(query.get("wait") ?? 0),
    );
  });
});
backend.keepAliveTimeout = 60_000;
backend.on("clientError", (error: NodeJS.ErrnoException, socket) => {
  if (error.code !== "ECONNRESET") malformed.push(`${error.code}: ${error.message}`);
  socket.destroy();
});

const numbers = new WeakMap<object, number>();
function numberOf(socket: Socket): number {
  const number = numbers.get(socket) ?? ++connections;
  numbers.set(socket, number);
  return number;
}

function accept(socket: Socket): void {
  const relay = settings.relays.find(
    ({ address, port }) => address === socket.localAddress && port === socket.localPort,
  );
  if (relay === undefined) backend.emit("connection", socket);
  else join(socket, connect({ host: relay.to.address, port: relay.to.port, allowHalfOpen: true }));
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.on("error", () => other.destroy()).on("close", () => other.destroy());
  other.on("error", () => one.destroy()).on("close", () => one.destroy());
}

const control = createHttpServer((request, response) => {
  const what = `${request.method} ${request.url}`;
  if (what === "GET /seen") {
    const seen: Seen = { requests, names: [...names], malformed };
    response.end(JSON.stringify(seen));
    return;
  }
  if (what === "POST /forget") [requests, names, malformed] = [[], new Set(), []];
  else if (what === "POST /dns/up") answersNames = true;
  else if (what === "POST /dns/down") answersNames = false;
  else response.statusCode = 404;
  response.end("{}");
});

for (const port of settings.ports) {
  createServer({ allowHalfOpen: true }, accept).listen(port, "0.0.0.0");
}
for (const { socket, address, port } of settings.doors) {
  createServer({ allowHalfOpen: true }, (inside) =>
    join(inside, connect({ host: address, port, allowHalfOpen: true })),
  ).listen(socket);
}
kubeDns.bind(53, settings.dns.address, () => control.listen(settings.control));
