import { join } from "node:path";
import { renderConsulServerNode } from "../../constructs/mesh/consul-user-data";
import { renderGatewayNode } from "../../constructs/mesh/gateway-user-data";
import { gatewayHost, ports, registry, secretNames, tagKeys, WORKER_SERVICE } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { initPki } from "../../operations/pki/init";
import { ACCOUNT, bootedEnvironment, CLUSTER, REGION, ZONES } from "./boot-environment";
import type { AwsCall } from "./boot-types";
import { BootWorld, type Launched } from "./boot-world";
import { imageRoot } from "./image-roots";
import { waitUntil } from "./process";

export const SNAPSHOTS = "booted-consul-snapshots";
export const LAUNCH_HOOK = "voter";
export const LEAVE_HOOK = "leave";

/** As the gateways' balancer checks, ten times as often. */
const HEALTH_CHECK = {
  protocol: "http",
  ...{ checkPort: ports.health, path: "/ready", intervalMs: 1_000, timeoutMs: 500, threshold: 2 },
} as const;
/** The time in which that balancer has stopped sending, and as long again. */
const DRAIN_SECONDS = 4;

export interface ConsulAnswer {
  readonly status: number;
  readonly text: string;
}

export interface ConsulRequest {
  /** Without one, nobody's. */
  readonly token?: string;
  readonly body?: string;
  /** @default 10 */
  readonly timeoutSeconds?: number;
}

/** What was read along on the cables. */
export interface Wire {
  /** Packets with content, by the port that they went to. */
  readonly packets: Readonly<Record<string, number>>;
  /** The words that were seen, with the ports that they went to. */
  readonly found: Readonly<Record<string, readonly number[]>>;
}

/** One of Raft's servers, a voter or one that is to become one. */
export interface Peer {
  readonly Node: string;
  readonly Address: string;
  readonly Leader: boolean;
  readonly Voter: boolean;
}

/** Consul servers and gateways, booted from their image with the user data that the constructs render. */
export class BootMesh {
  static async start(): Promise<BootMesh> {
    const environment = bootedEnvironment();
    const world = await BootWorld.start({
      account: ACCOUNT,
      region: REGION,
      balancer: { port: ports.gateway, ...HEALTH_CHECK },
    });
    try {
      const { aws: owner } = world;
      const credentials = { accessKeyId: ACCOUNT, secretAccessKey: "emulated" };
      await initPki(environment, { clusters: [], endpoint: owner.url, credentials });
      await owner.s3("PUT", `/${SNAPSHOTS}`);
      await owner.json("ssm", "AmazonSSM.PutParameter", {
        ...{ Name: registry.active(environment.environment), Type: "String", Value: CLUSTER },
      });
      const key = await owner.json<{ KeyMetadata: { Arn: string } }>("kms", "TrentService.CreateKey", {});
      const { SecretString } = await owner.json<{ SecretString: string }>(
        "secretsmanager",
        "secretsmanager.GetSecretValue",
        { SecretId: secretNames.consulServers(environment.environment) },
      );
      const secret = JSON.parse(SecretString) as Record<string, string>;
      return new BootMesh(world, environment, await imageRoot("gateway"), key.KeyMetadata.Arn, secret);
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** Those that run. */
  readonly servers: Launched[] = [];
  private number = 0;

  private constructor(
    readonly world: BootWorld,
    readonly environment: Environment,
    readonly image: string,
    readonly snapshotKeyArn: string,
    /** Files of the servers' secret. */
    readonly secret: Readonly<Record<string, string>>,
  ) {}

  /** As many as the group has, at once. */
  async up(): Promise<void> {
    await Promise.all(ZONES.map(() => this.launchServer()));
    await this.untilVoters();
  }

  /** One more instance of the servers' group. */
  async launchServer(): Promise<Launched> {
    const number = this.number++;
    const name = this.serversGroup;
    const launched = await this.world.launch({
      name: `consul-${number}`,
      image: this.image,
      zone: ZONES[number % ZONES.length]!,
      role: name,
      tags: { [tagKeys.consul]: this.environment.environment },
      userData: renderConsulServerNode({
        environment: this.environment.environment,
        region: REGION,
        servers: ZONES.length,
        ...{ group: name, launchHook: LAUNCH_HOOK, lifecycleHook: LEAVE_HOOK, leaveLimitSeconds: 600 },
        ...{ snapshotBucket: SNAPSHOTS, snapshotKeyArn: this.snapshotKeyArn },
      }),
    });
    this.servers.push(launched);
    return launched;
  }

  /** Something that answers like a Kubernetes worker of the cluster, as the servers know it. */
  async launchWorker(): Promise<Launched> {
    const launched = await this.world.launch({
      name: `worker-${this.number++}`,
      image: this.image,
      zone: ZONES[1]!,
      role: "worker",
      userData: serving(ports.inbound, "worker"),
    });
    const { address, id } = launched.instance;
    const Service = { Service: WORKER_SERVICE, Port: ports.inbound, Meta: { cluster: CLUSTER } };
    const body = JSON.stringify({ Node: `worker-${id}`, Address: address, Service });
    const asked = { token: this.token(), body };
    const { status, text } = await this.ask(this.servers[0]!, "PUT", "/v1/catalog/register", asked);
    if (status !== 200) throw new Error(`the worker is not registered: ${status} ${text}`);
    return launched;
  }

  /** A Mesos node as Ansible's role leaves it, with an instance of a service at a port of its own. */
  async launchMesosNode(servicePort: number): Promise<Launched> {
    await this.world.setNames({ [gatewayHost(this.environment.domain)]: this.world.balancerAddress });
    // Ansible starts the target when the node has long been up: an empty file masks it until then.
    const mask = "/etc/systemd/system.control/skyline-mesos.target";
    const start = `rm ${mask}\nsystemctl daemon-reload\nsystemctl start --no-block skyline-mesos.target\n`;
    return this.world.launch({
      name: `mesos-${this.number++}`,
      image: await imageRoot("mesos-node"),
      zone: ZONES[2]!,
      role: "mesos",
      files: { [mask]: "" },
      userData: `${serving(servicePort, "mesos")}${start}`,
    });
  }

  /** A gateway, behind the balancer. */
  async launchGateway(): Promise<Launched> {
    const name = `${this.environment.environment}-gateways`;
    const launched = await this.world.launch({
      name: `gateway-${this.number++}`,
      image: this.image,
      zone: ZONES[0]!,
      role: name,
      userData: renderGatewayNode({
        environment: this.environment.environment,
        region: REGION,
        ...{ group: name, lifecycleHook: LEAVE_HOOK, leaveLimitSeconds: 300, drainSeconds: DRAIN_SECONDS },
      }),
    });
    await this.world.setTargets([{ address: launched.instance.address, port: ports.gateway }]);
    return launched;
  }

  /** Calls that an instance made, with their parameters. */
  async callsOf({ instance }: Launched, action: string): Promise<readonly AwsCall[]> {
    return (await this.world.calls()).filter(
      (call) => call.instance === instance.id && call.action === action,
    );
  }

  /** Resolves when the instance has told its group once that it may go on: it has one launch, and one end. */
  async completed(launched: Launched, hook: string): Promise<void> {
    await waitUntil(
      `${hook} is completed`,
      async () => {
        const told = (await this.callsOf(launched, "CompleteLifecycleAction")).map(parameters);
        const ofHook = told.filter(({ LifecycleHookName }) => LifecycleHookName === hook);
        const [{ InstanceId, LifecycleActionResult } = {}, ...others] = ofHook;
        if (
          InstanceId !== launched.instance.id ||
          LifecycleActionResult !== "CONTINUE" ||
          others.length > 0
        ) {
          throw new Error(JSON.stringify(told));
        }
      },
      { timeoutMs: 60_000 },
    );
  }

  get serversGroup(): string {
    return `${this.environment.environment}-consul-servers`;
  }

  /** Text of a file of the servers' secret: a token that may do everything, unless another one is asked for. */
  token(file = "management.token"): string {
    const token = this.secret[file];
    if (token === undefined) throw new Error(`the servers' secret has no ${file}`);
    return token.trim();
  }

  /** A request to a node's own agent: nobody else reaches its API. */
  async ask(
    { machine }: Launched,
    method: "GET" | "PUT",
    path: string,
    { token, body, timeoutSeconds = 10 }: ConsulRequest = {},
  ): Promise<ConsulAnswer> {
    const answer = await machine.read(
      ...["curl", "--silent", "--show-error", "--max-time", String(timeoutSeconds), "--request", method],
      ...["--write-out", "\n%{http_code}"],
      ...(token === undefined ? [] : ["--header", `X-Consul-Token: ${token}`]),
      ...(body === undefined ? [] : ["--data-binary", body]),
      `http://127.0.0.1:8500${path}`,
    );
    const end = answer.lastIndexOf("\n");
    return { status: Number(answer.slice(end + 1)), text: answer.slice(0, end) };
  }

  /** An answer's value, for who may do everything; rejects when it is an error. */
  async value<T>(server: Launched, path: string): Promise<T> {
    const { status, text } = await this.ask(server, "GET", path, { token: this.token() });
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${text}`);
    return JSON.parse(text) as T;
  }

  async peers(from = this.servers[0]!): Promise<readonly Peer[]> {
    return (await this.value<{ Servers: Peer[] }>(from, "/v1/operator/raft/configuration")).Servers;
  }

  /** Resolves to the peers once they are the servers that run, all of them voters and one the leader. */
  untilVoters(): Promise<readonly Peer[]> {
    const wanted = this.servers.map(nodeName).sort();
    return waitUntil(
      `the voters are ${wanted.join(", ")}`,
      async () => {
        const peers = await this.peers();
        const voters = peers.filter(({ Voter }) => Voter).map(({ Node }) => Node);
        const leaders = peers.filter(({ Leader }) => Leader);
        if (JSON.stringify(voters.sort()) !== JSON.stringify(wanted) || leaders.length !== 1) {
          throw new Error(JSON.stringify(peers));
        }
        return peers;
      },
      { timeoutMs: 120_000 },
    );
  }

  /** The server that leads, as one of the others sees it. */
  async leader(): Promise<Launched> {
    const leading = (await this.peers()).find(({ Leader }) => Leader);
    const found = this.servers.find((server) => nodeName(server) === leading?.Node);
    if (found === undefined) throw new Error("no server that runs leads");
    return found;
  }

  /** The host under a server fails. */
  async fail(server: Launched): Promise<void> {
    await this.world.fail(server);
    this.forget(server);
  }

  /** The instance is no longer in the group. */
  forget(server: Launched): void {
    this.servers.splice(this.servers.indexOf(server), 1);
  }

  /** Reads along on all cables for a while. */
  async listen(seconds: number, words: readonly string[]): Promise<Wire> {
    const script = join(__dirname, "boot-wire.py");
    return JSON.parse(await this.world.run(["python3", script, String(seconds), ...words])) as Wire;
  }

  /** Adds what machines have logged to what went wrong. */
  showing(work: () => Promise<void>): Promise<void> {
    return this.world.showing(work);
  }

  stop(): Promise<void> {
    return this.world.stop();
  }
}

/** A server's name in Consul. */
export const nodeName = ({ instance }: Launched) => `consul-${instance.id}`;

export const parameters = ({ body }: AwsCall) => Object.fromEntries(new URLSearchParams(body));

/** User data with a program that answers every request with who it is and what it was asked. */
const serving = (port: number, where: string) => `#!/bin/sh
set -e
cat >/opt/serve.py <<'END'
import http.server, sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        answer = f"{sys.argv[2]} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

http.server.ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
END
systemd-run --quiet --unit=serve python3 /opt/serve.py ${port} ${where}
`;
