import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createSocket, type Socket } from "node:dgram";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { renderBridge } from "../../environment/mesh/bridge-nginx";
import { dataPlaneFile } from "../../environment/mesh/data-plane-file";
import { renderGatewayNginx, renderMesosNginx } from "../../environment/mesh/nginx";
import { DENIED_SERVICE_NAMES, gatewayHost, ports } from "../../environment/naming";
import { type LoopbackNetwork, release, reserve } from "../../operations/mesh/network";
import { decodeQuestion, encodeAnswer } from "./netns-dns";
import { nginxBinary } from "./nginx-binary";
import { ManagedProcess, httpGet, waitUntil } from "./process";

const DOMAIN = "test.internal";
const NODE_CODE = join(__dirname, "..", "..", "mesh", "node");

/** As `model.json` has it: instances are address, port and node; workers are address and port. */
export interface HopsModel {
  readonly services?: Readonly<Record<string, readonly (readonly [string, number, string])[]>>;
  readonly clusters?: Readonly<Record<string, readonly (readonly [string, number])[]>>;
  readonly weights?: Readonly<Record<string, number>>;
  /** Connect, read and send in seconds, repeats, connections. */
  readonly settings?: Readonly<Record<string, readonly [number, number, number, 0 | 1, number | null]>>;
  readonly boot?: boolean;
}

export type HopLine = Readonly<Record<string, string | number>>;

interface Started {
  readonly name: string;
  readonly folder: string;
  readonly process: ManagedProcess;
}

/**
 * The hops alone, each a real NGINX on a loopback address of its own, with routes rendered from a given model: Mesos nodes,
 * a gateway, a bridge. No Consul decides here what is healthy, so that a test can have what Consul would have taken out.
 */
export class Hops {
  static async start(model: (net: LoopbackNetwork) => HopsModel, mesosNodes = 1, workers = 1): Promise<Hops> {
    const net = await reserve();
    const hops = new Hops(net, mkdtempSync(join(tmpdir(), "skyline-hops-")), model(net));
    try {
      // Started by root, NGINX reads as nobody.
      chmodSync(hops.directory, 0o755);
      await hops.startAll(mesosNodes, workers);
      return hops;
    } catch (error) {
      await hops.stop();
      throw error;
    }
  }

  /** Addresses of Kubernetes Services by the names that kubedns knows. */
  readonly names = new Map<string, string>();
  /** Names that kubedns was asked for. */
  readonly asked: string[] = [];
  private readonly started: Started[] = [];
  private dns: Socket | undefined;

  private constructor(
    readonly net: LoopbackNetwork,
    readonly directory: string,
    private readonly model: HopsModel,
  ) {
    this.names.set(gatewayHost(DOMAIN), net.gateway(0));
  }

  /** Base URL of a Mesos node's local proxy. */
  local = (node = 0) => `http://${this.net.mesosNode(node)}:${ports.localProxy}`;
  inbound = (node = 0) => `http://${this.net.mesosNode(node)}:${ports.inbound}`;
  gateway = () => `http://${this.net.gateway(0)}:${ports.gateway}`;
  bridgeInbound = () => `http://${this.net.worker(0, 0)}:${ports.inbound}`;
  bridgeOutbound = () => `http://${this.net.worker(0, 0)}:${ports.outbound}`;

  /** Makes a name of kubedns, of the Service with this index, and says its address. */
  service(name: string, index: number): string {
    const address = this.net.service(0, index);
    this.names.set(`${name}.default.svc.cluster.local`, address);
    return address;
  }

  /** Lets the gateways' name lead to this address from the next look-up on: each 5 s. */
  leadGatewaysTo(address: string): void {
    this.names.set(gatewayHost(DOMAIN), address);
  }

  /** Configurations as they run, by hop. */
  configurations(): ReadonlyMap<string, string> {
    return new Map(this.started.map(({ name, folder }) => [name, join(folder, "nginx.conf")]));
  }

  process(name: string): ManagedProcess {
    const found = this.started.find((hop) => hop.name === name);
    if (found === undefined) throw new Error(`no hop is called ${name}`);
    return found.process;
  }

  /** Lines of the access logs of all hops, or of one. Logs are written once a second. */
  lines(hop?: string): HopLine[] {
    return this.started
      .filter(({ name }) => hop === undefined || name === hop)
      .flatMap(({ folder }) => readFileSync(join(folder, "access.log"), "utf8").split("\n"))
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as HopLine);
  }

  /** The lines of a request, by its id, once there are as many. */
  trace(id: string, count: number): Promise<HopLine[]> {
    return waitUntil(`the logs have ${count} lines of ${id}`, async () => {
      const found = this.lines().filter((line) => line.request_id === id);
      if (found.length < count) throw new Error(`they have ${JSON.stringify(found)}`);
      return found;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.started.map(({ process }) => process.stop()));
    this.dns?.close();
    release(this.net, [process.pid]);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async startAll(mesosNodes: number, workers: number): Promise<void> {
    const { net } = this;
    const resolver = await this.startDns();
    for (let index = 0; index < mesosNodes; index++) {
      const address = net.mesosNode(index);
      await this.startHop(`mesos-${index}`, address, async (folder) => {
        const listen = { local: address, node: address, health: address };
        const places = { domain: DOMAIN, resolver, listen, ...placesIn(folder) };
        await this.renderRoutes(folder, "mesos", address);
        return renderMesosNginx(places);
      });
    }
    const gateway = net.gateway(0);
    await this.startHop("gateway", gateway, async (folder) => {
      await this.renderRoutes(folder, "gateway", gateway);
      const listen = { node: gateway, health: gateway };
      return renderGatewayNginx({ listen, draining: join(folder, "draining"), ...placesIn(folder) });
    });
    for (let index = 0; index < workers; index++)
      await this.startBridge(net.worker(0, index), index, resolver);
  }

  private startBridge(worker: string, index: number, resolver: string): Promise<void> {
    const settings = {
      domain: DOMAIN,
      service: { namespace: "default", port: 8080 },
      serviceCidr: "10.0.0.0/16",
    };
    return this.startHop(index === 0 ? "bridge" : `bridge-${index}`, worker, async (folder) => {
      const accessLog = join(folder, "access.log");
      const places = { address: worker, run: folder, accessLog, resolver, workers: 1, connections: 1024 };
      return renderBridge(dataPlaneFile("bridge/nginx.conf"), settings, places);
    });
  }

  private async startHop(
    name: string,
    address: string,
    configure: (folder: string) => Promise<string>,
  ): Promise<void> {
    const folder = join(this.directory, name);
    mkdirSync(folder);
    writeFileSync(join(folder, "metrics.prom"), "");
    writeFileSync(join(folder, "nginx.conf"), await configure(folder));
    const process = await ManagedProcess.start({
      name,
      command: await nginxBinary(),
      args: ["-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf"), "-g", "daemon off;"],
      logFile: join(folder, "stderr.log"),
    });
    this.started.push({ name, folder, process });
    await process.ready(() => httpGet(`http://${address}:${ports.health}/health`));
  }

  private async renderRoutes(folder: string, role: string, address: string): Promise<void> {
    const { services = {}, clusters = {}, weights = {}, settings = {}, boot = false } = this.model;
    const node = {
      ...{ role, address, environment: "test", nginx: "nginx", denied: DENIED_SERVICE_NAMES },
      paths: { state: folder, run: folder, log: folder },
    };
    writeFileSync(join(folder, "node.json"), JSON.stringify(node));
    const model = JSON.stringify({ services, clusters, weights, settings, boot });
    const { stdout } = await promisify(execFile)("python3", ["-c", RENDER, NODE_CODE, model, folder]);
    const files = JSON.parse(stdout) as Record<string, string>;
    files["generation.conf"] = 'map "" $skyline_generation { default "0123456789ab"; }\n';
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  }

  private async startDns(): Promise<string> {
    const socket = createSocket("udp4");
    this.dns = socket;
    socket.on("message", (message, from) => {
      const question = decodeQuestion(message);
      if (question === undefined) return;
      this.asked.push(question.name);
      socket.send(encodeAnswer(message, question, this.names.get(question.name)), from.port, from.address);
    });
    const address = this.net.dns(0);
    await new Promise<void>((resolve) => socket.bind(5353, address, resolve));
    return `${address}:5353`;
  }
}

const RENDER = `
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
from skyline_mesh.model import Model
from skyline_mesh.node import Node
from skyline_mesh.routes import render
print(json.dumps(render(Model.from_json(sys.argv[2]), Node.load(pathlib.Path(sys.argv[3], "node.json")))))
`;

const placesIn = (folder: string) => ({
  run: folder,
  log: folder,
  cache: folder,
  workers: "1",
  connections: 1024,
});
