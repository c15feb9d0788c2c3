import { randomBytes } from "node:crypto";
import { isIPv4 } from "node:net";
import { ports, SERVICE_NAME } from "../../../environment/naming";
import { OperationFailure } from "../../failure";
import { http } from "../http";
import type { Cluster, ServiceRecord } from "../cluster";
import type { LogEntry } from "../logs";
import type { ProcessHandle } from "../process-handle";
import type { MeshWorld } from "../world";

export interface TraceOptions {
  /** A URL of the mesh, `http://localhost:5040/service/NAME/PATH` as a service calls, or `NAME/PATH`. */
  readonly url: string;
  /** Node at which a request to localhost begins; of one without a host it may be a cluster, too. */
  readonly from: string;
  readonly method: string;
  readonly timeoutMs: number;
}

/** A request at one NGINX of the mesh, as that one's log has it. */
export interface Hop {
  readonly node: string;
  /** local, inbound, gateway or outbound. */
  readonly listener: string;
  readonly service: string | null;
  readonly route: string | null;
  readonly cluster: string | null;
  readonly status: number;
  readonly milliseconds: number;
  /** Without what came behind it. */
  readonly ownMilliseconds: number;
  /** Whom it asked, in turn. */
  readonly upstreams: readonly { readonly address: string; readonly name: string }[];
}

export interface TraceResult {
  readonly requestId: string;
  readonly method: string;
  readonly url: string;
  readonly status: number;
  readonly milliseconds: number;
  /** Who answered in the end, as the demo service says it; null of others. */
  readonly answeredBy: string | null;
  readonly hops: readonly Hop[];
  /** Whether every hop of the mesh has written its line. */
  readonly complete: boolean;
}

interface Line {
  readonly node: string;
  readonly address: string;
  readonly entry: LogEntry;
}

/** Sends a request with an id of its own, and finds its way in the logs of the nodes. */
export async function meshTrace(mesh: MeshWorld, options: TraceOptions): Promise<TraceResult> {
  const { url, host } = target(mesh, options);
  const requestId = `trace-${randomBytes(8).toString("hex")}`;
  const headers = { "X-Request-Id": requestId, ...(host === undefined ? {} : { Host: host }) };
  const started = performance.now();
  const answer = await http(url, { method: options.method, headers, timeoutMs: options.timeoutMs }).catch(
    (error: Error) => {
      throw new OperationFailure("unreachable", error.message, "skyline mesh status");
    },
  );
  const milliseconds = performance.now() - started;
  // NGINX writes its lines each second, or now when it is told to open its logs again.
  nginxes(mesh).forEach((nginx) => nginx.signal("SIGUSR1"));
  let found: readonly Line[] = [];
  let complete = true;
  await mesh
    .until(3000, async () => {
      found = linesOf(mesh, requestId);
      return missing(mesh, found, new URL(url).host);
    })
    .catch(() => (complete = false));
  return {
    requestId,
    method: options.method,
    url,
    status: answer.status,
    milliseconds: round(milliseconds),
    answeredBy: answeredBy(answer.body),
    hops: inOrder(mesh, found, new URL(url).host),
    complete,
  };
}

const nginxes = (mesh: MeshWorld): ProcessHandle[] =>
  [...mesh.choosers, ...mesh.workers].map(({ nginx }) => nginx);

/** Where the request goes. @throws OperationFailure when that is no place of this mesh */
function target(mesh: MeshWorld, { url: text, from }: TraceOptions): { url: string; host?: string } {
  const wrong = (why: string) =>
    new OperationFailure(
      "invalid",
      `${JSON.stringify(text)} is no URL of this mesh: ${why}`,
      "http://localhost:5040/service/NAME/PATH, NAME/PATH, or a URL that skyline mesh up has printed",
    );
  if (/[^\x21-\x7e]/.test(text)) throw wrong("it has spaces, or characters that a URL escapes");
  const cluster = mesh.clusters.get(from);
  if (!text.includes("://")) {
    const path = text.replace(/^\/*(service\/)?/, "");
    const name = path.split(/[/?]/)[0] ?? "";
    if (!SERVICE_NAME.test(name)) throw wrong("it begins with no service name");
    if (cluster === undefined) return { url: `${entrance(mesh, from, wrong)}/service/${path}` };
    const service = cluster.service(name);
    if (service === undefined) throw wrong(`${from} has no Service ${name}`);
    return {
      url: `http://${service.address}:${service.port}${path.slice(name.length) || "/"}`,
      host: name,
    };
  }
  if (!URL.canParse(text)) throw wrong("it cannot be read");
  const url = new URL(text);
  if (url.protocol !== "http:" || url.username !== "" || url.password !== "")
    throw wrong("it is to be http://, without a user");
  // The path as it was written: URL would tidy it up.
  const path = text.slice(text.indexOf(url.host, 7) + url.host.length) || "/";
  if (["localhost", "127.0.0.1"].includes(url.hostname) && url.port === String(ports.localProxy)) {
    return { url: `${entrance(mesh, from, wrong)}${path}` };
  }
  if (isIPv4(url.hostname) && named(mesh, url.host) !== undefined) {
    // A caller in the cluster would have found the address by the name.
    return { url: `http://${url.host}${path}`, host: serviceAt(mesh, url.host)?.service.name };
  }
  throw wrong(`${url.host} is none of its nodes`);
}

function entrance(mesh: MeshWorld, from: string, wrong: (why: string) => Error): string {
  const node = mesh.mesosNodes.find(({ name }) => name === from);
  const gateway = mesh.gateways.find(({ name }) => name === from);
  if (node !== undefined) return `http://${node.address}:${ports.localProxy}`;
  if (gateway !== undefined) return `http://${gateway.address}:${ports.gateway}`;
  throw wrong(
    `--from is ${JSON.stringify(from)}, not one of ${[...mesh.choosers, ...mesh.clusters.values()].map(({ name }) => name).join(", ")}`,
  );
}

/** What an address and port of the mesh is called. */
function named(mesh: MeshWorld, host: string): string | undefined {
  const [address = "", port] = host.split(":");
  const node = [...mesh.choosers, ...mesh.workers].find((each) => each.address === address);
  if (node !== undefined && Object.values<number>(ports).includes(Number(port))) return node.name;
  const instance = mesh.instances().find(({ record }) => `${record.address}:${record.port}` === host);
  if (instance !== undefined) return instance.record.id;
  const found = serviceAt(mesh, host);
  return found === undefined ? undefined : `Service ${found.service.name} in ${found.cluster.name}`;
}

/** The Service of a cluster that has an address and port. */
function serviceAt(mesh: MeshWorld, host: string): { cluster: Cluster; service: ServiceRecord } | undefined {
  for (const cluster of mesh.clusters.values()) {
    const service = cluster.services.find((each) => `${each.address}:${each.port}` === host);
    if (service !== undefined) return { cluster, service };
  }
  return undefined;
}

function linesOf(mesh: MeshWorld, requestId: string): Line[] {
  return [...mesh.choosers, ...mesh.workers].flatMap((node) =>
    node
      .logs()
      .filter((entry) => entry.request_id === requestId)
      .map((entry) => ({ node: node.name, address: node.address, entry })),
  );
}

const upstreamsOf = ({ upstream = "" }: LogEntry) =>
  upstream.split(/[,:]? +:? ?/).filter((address) => /^\d+\.\d+\.\d+\.\d+:\d+$/.test(address));

/** Where the bridges listen that a Service's address leads to, when it stands for a Mesos service. */
function bridgesBehind(mesh: MeshWorld, host: string): readonly string[] {
  const found = serviceAt(mesh, host);
  return found?.service.owner === "mesos"
    ? mesh.workersOf(found.cluster.name).map(({ address }) => `${address}:${ports.outbound}`)
    : [];
}

/** Why the lines are not all there yet. */
function missing(mesh: MeshWorld, lines: readonly Line[], entry: string): string | undefined {
  const nodes = new Set([...mesh.choosers, ...mesh.workers].map(({ address }) => address));
  const written = new Set(lines.map(listenerOf));
  const isNginx = (host: string) =>
    nodes.has(host.split(":")[0] ?? "") && NGINX_PORTS.includes(host.split(":")[1] ?? "");
  const unwritten = (host: string) => isNginx(host) && !written.has(host);
  const bridgeless = (host: string) => {
    const bridges = bridgesBehind(mesh, host);
    return bridges.length > 0 && bridges.every(unwritten);
  };
  if (unwritten(entry)) return `${entry} has not logged it`;
  if (bridgeless(entry)) return "no bridge has logged it";
  for (const { entry: line } of lines) {
    for (const upstream of upstreamsOf(line)) {
      // A node that could not be reached has nothing to log.
      if (unwritten(upstream) && line.status < 500) return `${upstream} has not logged it`;
      if (bridgeless(upstream)) return "no bridge has logged it";
    }
  }
  return undefined;
}

/** Follows the addresses that each hop asked. */
function inOrder(mesh: MeshWorld, lines: readonly Line[], entry: string): Hop[] {
  const left = [...lines];
  const hops: Hop[] = [];
  const take = (hosts: readonly string[]) => {
    const at = left.findIndex((line) => hosts.includes(listenerOf(line)));
    return at === -1 ? undefined : left.splice(at, 1)[0];
  };
  const follow = (line: Line | undefined): number => {
    if (line === undefined) return 0;
    const milliseconds = line.entry.seconds * 1000;
    const place = hops.length;
    hops.push(hopOf(mesh, line, 0));
    let behind = 0;
    for (const upstream of upstreamsOf(line.entry)) {
      const bridges = bridgesBehind(mesh, upstream);
      behind += follow(take(bridges.length > 0 ? bridges : [upstream]));
    }
    hops[place] = hopOf(mesh, line, Math.max(0, milliseconds - behind));
    return milliseconds;
  };
  follow(take([entry, ...bridgesBehind(mesh, entry)]));
  while (left.length > 0) follow(left.shift());
  return hops;
}

const LISTENERS: Readonly<Record<string, number>> = {
  local: ports.localProxy,
  inbound: ports.inbound,
  gateway: ports.gateway,
  outbound: ports.outbound,
};

const NGINX_PORTS: readonly string[] = Object.values(LISTENERS).map(String);

/** Address and port at which the request came. */
const listenerOf = ({ address, entry: { listener = "" } }: Line) => `${address}:${LISTENERS[listener] ?? ""}`;

function hopOf(mesh: MeshWorld, { node, entry }: Line, own: number): Hop {
  return {
    node,
    listener: entry.listener ?? "",
    service: entry.service || null,
    route: entry.route || null,
    cluster: entry.cluster || null,
    status: Number(entry.status),
    milliseconds: round(entry.seconds * 1000),
    ownMilliseconds: round(own),
    upstreams: upstreamsOf(entry).map((address) => ({ address, name: named(mesh, address) ?? address })),
  };
}

function answeredBy(body: string): string | null {
  try {
    const { service, version, where } = JSON.parse(body) as Record<string, unknown>;
    return typeof service === "string" && typeof where === "string"
      ? `${service} ${String(version)} in ${where}`
      : null;
  } catch {
    return null;
  }
}

const round = (value: number) => Math.round(value * 10) / 10;
