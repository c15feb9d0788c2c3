import { transformFileSync } from "@swc/core";
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BootAws, field, type Credentials } from "./boot-aws";
import { linkOf } from "./boot-hardware";
import { Machine } from "./boot-machine";
import type {
  AwsCall,
  BalancerSettings,
  Disk,
  HubSettings,
  HubState,
  Instance,
  Subnet,
  Target,
  TargetHealth,
} from "./boot-types";
import { requireNamespaces } from "./netns";
import { ManagedProcess } from "./process";

export interface WorldOptions {
  readonly account: string;
  readonly region: string;
  readonly balancer: BalancerSettings;
}

export interface LaunchOptions {
  /** Host name, one of its kind while the world lives. */
  readonly name: string;
  /** Root of its image. */
  readonly image: string;
  readonly zone: string;
  /** Name of the role of its instance profile. */
  readonly role: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Beside those of the image and those of every machine: text by path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly programs?: Readonly<Record<string, string>>;
  readonly folders?: Readonly<Record<string, string>>;
  /** Text, once the instance is known by its id. */
  readonly userData: string;
}

/** An interface of the network that instances can have one after another. */
export interface Interface {
  readonly id: string;
  readonly address: string;
  readonly mac: string;
}

export interface Volume {
  readonly id: string;
  readonly file: string;
}

/** A machine and the instance that it is to AWS. */
export interface Launched {
  readonly machine: Machine;
  readonly instance: Instance;
}

const PREFIX = 20;
/** One in each zone, in the order of their letters. */
const SUBNETS = [16, 32, 48].map((third) => ({
  cidr: `10.10.${third}.0/${PREFIX}`,
  router: `10.10.${third}.1`,
  prefix: PREFIX,
}));
const NETWORK = {
  subnets: SUBNETS,
  resolver: "10.10.0.2",
  aws: "10.10.0.4",
  balancer: "10.10.0.10",
  prefix: PREFIX,
};
/** Debian's, and the one that its AWS CLI brings along. */
const TRUST_STORES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/usr/lib/python3/dist-packages/awscli/botocore/cacert.pem",
];
/** Programs of the hub, which run outside Jest. */
const PROGRAMS = [
  "boot-hub",
  "boot-aws-front",
  "boot-balancer",
  "boot-dns",
  "boot-hardware",
  "boot-metadata",
  "boot-signature",
  "netns-dns",
];

/** Machines in a network of their own, with AWS around them. Nothing of it outlives the process that made it. */
export class BootWorld {
  static async start(options: WorldOptions): Promise<BootWorld> {
    requireNamespaces();
    const folder = mkdtempSync(join(tmpdir(), "boot-"));
    const certificate = await awsCertificate(folder, options.region);
    const aws = await BootAws.start(folder, options.account, options.region);
    const emulator = join(folder, "emulator.sock");
    const forwarder = await forward(emulator, aws.port);
    const settings: HubSettings = {
      network: NETWORK,
      control: join(folder, "control.sock"),
      emulator,
      certificate,
      doors: [{ socket: join(folder, "api.sock"), address: NETWORK.balancer, port: options.balancer.port }],
      balancer: options.balancer,
    };
    const program = compilePrograms(folder);
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings), { mode: 0o600 });
    const hub = await ManagedProcess.start({
      name: "the hub of the network",
      command: "unshare",
      args: ["--net", "--", process.execPath, program, join(folder, "settings.json")],
      logFile: join(folder, "hub.log"),
    });
    const world = new BootWorld(folder, options, aws, hub, forwarder, certificate.cert);
    try {
      await hub.ready(() => world.health());
      await world.makeNetwork();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  private state: HubState = { names: {}, instances: [], disks: [], cards: [], targets: [], secrets: {} };
  private readonly launched: Launched[] = [];
  private readonly subnets = new Map<string, Subnet & { readonly id: string }>();
  private number = 0;

  private constructor(
    readonly folder: string,
    private readonly options: WorldOptions,
    readonly aws: BootAws,
    private readonly hub: ManagedProcess,
    private readonly forwarder: Server,
    private readonly awsCertificate: string,
  ) {}

  /** Unix socket that leads to the balancer. */
  get apiDoor(): string {
    return join(this.folder, "api.sock");
  }

  get balancerAddress(): string {
    return NETWORK.balancer;
  }

  /** What the balancer takes its targets for. */
  async health(): Promise<readonly TargetHealth[]> {
    return (await this.tell("GET /health")) as TargetHealth[];
  }

  /** Calls of AWS that machines made, in order. */
  async calls(): Promise<readonly AwsCall[]> {
    return (await this.tell("GET /calls")) as AwsCall[];
  }

  async setNames(names: Readonly<Record<string, string>>): Promise<void> {
    await this.change({ names: { ...this.state.names, ...names } });
  }

  async setTargets(targets: readonly Target[]): Promise<void> {
    await this.change({ targets });
  }

  /** What an instance's metadata says of its lifecycle from now on. */
  async setLifecycle({ instance: { id } }: Launched, lifecycle: Instance["lifecycle"]): Promise<void> {
    const instances = this.state.instances.map((one) => (one.id === id ? { ...one, lifecycle } : one));
    await this.change({ instances });
  }

  /** Credentials of a session of a role, which is made when it is not there. */
  async session(role: string, name: string): Promise<Credentials> {
    const credentials = await this.aws.role(role, name);
    await this.change({ secrets: { ...this.state.secrets, [credentials.key]: credentials.secret } });
    return credentials;
  }

  /** An empty disk. */
  async makeVolume(zone: string, mebibytes = 1024): Promise<Volume> {
    const answer = await this.aws.query("ec2", "CreateVolume", {
      AvailabilityZone: zone,
      Size: "1",
      VolumeType: "gp3",
    });
    const id = field(answer, "volumeId");
    const file = join(this.folder, `${id}.disk`);
    await promisify(execFile)("truncate", ["--size", `${mebibytes}M`, file]);
    const disk: Disk = { volume: id, file };
    await this.change({ disks: [...this.state.disks, disk] });
    return { id, file };
  }

  async makeInterface(zone: string): Promise<Interface> {
    const answer = await this.aws.query("ec2", "CreateNetworkInterface", { SubnetId: this.subnet(zone).id });
    const id = field(answer, "networkInterfaceId");
    const [address, mac] = [field(answer, "privateIpAddress"), field(answer, "macAddress")];
    await this.change({ cards: [...this.state.cards, { id, mac, cidr: this.subnet(zone).cidr }] });
    return { id, address, mac };
  }

  /** An instance, up and with its user data run. */
  async launch(options: LaunchOptions): Promise<Launched> {
    const launched = await this.boot(options);
    await launched.machine.userData(launched.instance.userData);
    return launched;
  }

  /** An instance, up to where cloud-init would run its user data. */
  async boot({
    name,
    image,
    zone,
    role,
    tags = {},
    files = {},
    programs = {},
    folders = {},
    userData,
  }: LaunchOptions) {
    const { region } = this.options;
    const subnet = this.subnet(zone);
    const entries = Object.entries({ Name: name, ...tags });
    const answer = await this.aws.query("ec2", "RunInstances", {
      ...{ ImageId: "ami-12c6146b", MinCount: "1", MaxCount: "1", SubnetId: subnet.id },
      "TagSpecification.1.ResourceType": "instance",
      ...Object.fromEntries(
        entries.flatMap(([key, value], index) => [
          [`TagSpecification.1.Tag.${index + 1}.Key`, key],
          [`TagSpecification.1.Tag.${index + 1}.Value`, value],
        ]),
      ),
    });
    const [id, address] = [field(answer, "instanceId"), field(answer, "privateIpAddress")];
    const mac = `02:00:00:00:00:${(++this.number).toString(16).padStart(2, "0")}`;
    const hostname = `ip-${address.replaceAll(".", "-")}.ec2.internal`;
    const folder = join(this.folder, `${name}-${this.number}`);
    mkdirSync(folder);
    const machine = await Machine.start({
      ...{ name, image, folder, programs, mac, address },
      group: `${this.folder.split("/").at(-1)}-${this.number}`,
      link: linkOf(mac),
      prefix: PREFIX,
      gateway: subnet.router,
      hub: this.hub.pid,
      folders,
      files: {
        "/etc/resolv.conf": `nameserver ${NETWORK.resolver}\n`,
        "/etc/hosts": `127.0.0.1 localhost\n${address} ${hostname} ${name}\n`,
        ...this.trust(image),
        ...files,
      },
    });
    const credentials = await this.session(role, id);
    const instance: Instance = {
      ...{ id, address, zone, region, hostname, mac, cidr: subnet.cidr, userData, role, credentials },
      pid: machine.pid,
      account: this.options.account,
      lifecycle: "InService",
    };
    await this.change({ instances: [...this.state.instances, instance] });
    const launched: Launched = { machine, instance };
    this.launched.push(launched);
    return launched;
  }

  /** The host under the machine fails: its cables are dead before any of its processes could say a word. @returns when */
  async fail({ machine, instance }: Launched): Promise<number> {
    const at = (await this.tell("POST /unplug", instance.id)) as number;
    await machine.kill();
    await this.terminate(instance);
    return at;
  }

  /** The instance is gone for EC2, and what was attached to it is free: the emulator forgets the second. */
  private async terminate({ id }: Instance): Promise<void> {
    await this.aws.query("ec2", "TerminateInstances", { "InstanceId.1": id });
    const held = { "Filter.1.Name": "attachment.instance-id", "Filter.1.Value.1": id };
    const volumes = await this.aws.query("ec2", "DescribeVolumes", held);
    for (const [, volume = ""] of volumes.matchAll(/<volumeId>(vol-[^<]*)/g)) {
      if (!this.state.disks.some((disk) => disk.volume === volume)) continue;
      await this.aws.query("ec2", "DetachVolume", { VolumeId: volume, InstanceId: id });
    }
    const cards = await this.aws.query("ec2", "DescribeNetworkInterfaces", held);
    for (const [, attachment = ""] of cards.matchAll(/<attachmentId>(eni-attach-[^<]*)/g)) {
      await this.aws
        .query("ec2", "DetachNetworkInterface", { AttachmentId: attachment })
        .catch(() => undefined);
    }
    await this.change({ instances: this.state.instances.filter((instance) => instance.id !== id) });
  }

  /** The ends of the journals of all machines that ever ran, and of the hub. */
  log(): string {
    const parts = this.launched.map(({ machine }) => machine.log());
    return [...parts, `--- hub\n${this.hub.lastLines()}`].join("\n");
  }

  async stop(): Promise<void> {
    await this.tell("POST /release").catch(() => undefined);
    await Promise.all(this.launched.map(({ machine }) => machine.kill()));
    await this.hub.stop();
    await this.aws.stop();
    this.forwarder.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As somebody in the network runs it, with the programs and files of outside. */
  async run(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const enter = [`--net=/proc/${this.hub.pid}/ns/net`, "--", ...command];
    return (await promisify(execFile)("nsenter", enter, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  }

  private async makeNetwork(): Promise<void> {
    const vpc = field(await this.aws.query("ec2", "CreateVpc", { CidrBlock: "10.10.0.0/16" }), "vpcId");
    for (const [index, subnet] of SUBNETS.entries()) {
      const zone = `${this.options.region}${"abc"[index]}`;
      const answer = await this.aws.query("ec2", "CreateSubnet", {
        ...{ VpcId: vpc, AvailabilityZone: zone, CidrBlock: subnet.cidr },
      });
      this.subnets.set(zone, { ...subnet, id: field(answer, "subnetId") });
    }
  }

  private subnet(zone: string): Subnet & { readonly id: string } {
    const subnet = this.subnets.get(zone);
    if (subnet === undefined) throw new Error(`no subnet in ${zone}`);
    return subnet;
  }

  /** The authorities that programs of the image trust, and the one that stands for Amazon's. */
  private trust(image: string): Record<string, string> {
    const stores = TRUST_STORES.filter((store) => existsSync(join(image, store)));
    return Object.fromEntries(
      stores.map((store) => [store, `${readFileSync(join(image, store), "utf8")}\n${this.awsCertificate}`]),
    );
  }

  private async change(change: Partial<HubState>): Promise<void> {
    this.state = { ...this.state, ...change };
    await this.tell("PUT /state", this.state);
  }

  private async tell(what: string, body?: unknown): Promise<unknown> {
    const [method, path] = what.split(" ");
    const socketPath = join(this.folder, "control.sock");
    return new Promise((resolve, reject) => {
      const sent = request({ socketPath, method, path, agent: false }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (more: string) => (text += more));
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`the hub answered ${response.statusCode} to ${what}: ${text}`));
        });
      });
      sent.on("error", reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** A Unix socket that leads to a port on loopback: of the network, namespaces have their own; of files they do not. */
async function forward(path: string, port: number): Promise<Server> {
  const server = createServer((inside) => {
    const outside = connect(port, "127.0.0.1");
    inside.pipe(outside).pipe(inside);
    inside.on("error", () => outside.destroy()).on("close", () => outside.destroy());
    outside.on("error", () => inside.destroy()).on("close", () => inside.destroy());
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  server.unref();
  return server;
}

function compilePrograms(folder: string): string {
  for (const script of PROGRAMS) {
    const { code } = transformFileSync(join(__dirname, `${script}.ts`), {
      jsc: { parser: { syntax: "typescript" }, target: "es2022" },
      module: { type: "commonjs" },
    });
    writeFileSync(join(folder, `${script}.js`), code);
  }
  return join(folder, "boot-hub.js");
}

/** For every name of AWS that a machine may call; it is its own authority. */
async function awsCertificate(folder: string, region: string): Promise<{ cert: string; key: string }> {
  const names = [
    "amazonaws.com",
    `${region}.amazonaws.com`,
    `s3.${region}.amazonaws.com`,
    "s3.amazonaws.com",
  ];
  const [cert, key] = [join(folder, "aws.crt"), join(folder, "aws.key")];
  await promisify(execFile)("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "7"],
    ...["-subj", "/CN=Stands for Amazon", "-out", cert, "-keyout", key],
    ...["-addext", `subjectAltName=${names.map((name) => `DNS:*.${name}`).join(",")}`],
  ]);
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}
