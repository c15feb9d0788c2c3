import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { BootAws, type Credentials } from "./boot-aws";
import { BootEc2, NETWORK, type Interface } from "./boot-ec2";
import { linkOf } from "./boot-hardware";
import { HubProcess } from "./boot-hub-process";
import { Machine } from "./boot-machine";
import { awsCertificate, trusting } from "./boot-trust";
import type { AwsCall, BalancerSettings, Instance, Target, TargetHealth } from "./boot-types";
import { requireNamespaces } from "./netns";

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

export interface Volume {
  readonly id: string;
  readonly file: string;
}

/** A machine and the instance that it is to AWS. */
export interface Launched {
  readonly machine: Machine;
  readonly instance: Instance;
}

/** Machines in a network of their own, with AWS around them. Nothing of it outlives the process that made it. */
export class BootWorld {
  static async start(options: WorldOptions): Promise<BootWorld> {
    requireNamespaces();
    const folder = mkdtempSync(join(tmpdir(), "boot-"));
    const certificate = await awsCertificate(folder, options.region);
    const aws = await BootAws.start(folder, options.account, options.region);
    const settings = { folder, network: NETWORK, certificate, balancer: options.balancer };
    const hub = await HubProcess.start({ ...settings, emulatorPort: aws.port }).catch(
      async (error: Error) => {
        await aws.stop();
        throw error;
      },
    );
    const world = new BootWorld(folder, options, aws, hub, certificate.cert);
    try {
      await world.ec2.makeNetwork();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  private readonly launched: Launched[] = [];
  private readonly ec2: BootEc2;
  private number = 0;

  private constructor(
    readonly folder: string,
    private readonly options: WorldOptions,
    readonly aws: BootAws,
    private readonly hub: HubProcess,
    private readonly awsCertificate: string,
  ) {
    this.ec2 = new BootEc2(aws);
  }

  /** Unix socket that leads to the balancer. */
  get apiDoor(): string {
    return this.hub.door;
  }

  get balancerAddress(): string {
    return NETWORK.balancer;
  }

  /** What the balancer takes its targets for. */
  health(): Promise<readonly TargetHealth[]> {
    return this.hub.health();
  }

  /** Calls of AWS that machines made, in order. */
  calls(): Promise<readonly AwsCall[]> {
    return this.hub.calls();
  }

  async setNames(names: Readonly<Record<string, string>>): Promise<void> {
    await this.hub.change({ names: { ...this.hub.state.names, ...names } });
  }

  async setTargets(targets: readonly Target[]): Promise<void> {
    await this.hub.change({ targets });
  }

  /** What an instance's metadata says of its lifecycle from now on. */
  async setLifecycle({ instance: { id } }: Launched, lifecycle: Instance["lifecycle"]): Promise<void> {
    const instances = this.hub.state.instances.map((one) => (one.id === id ? { ...one, lifecycle } : one));
    await this.hub.change({ instances });
  }

  /** Credentials of a session of a role, which is made when it is not there. */
  async session(role: string, name: string): Promise<Credentials> {
    const credentials = await this.aws.role(role, name);
    await this.hub.change({ secrets: { ...this.hub.state.secrets, [credentials.key]: credentials.secret } });
    return credentials;
  }

  /** An empty disk. */
  async makeVolume(zone: string, mebibytes = 1024): Promise<Volume> {
    const id = await this.ec2.makeVolume(zone);
    const file = join(this.folder, `${id}.disk`);
    await promisify(execFile)("truncate", ["--size", `${mebibytes}M`, file]);
    await this.hub.change({ disks: [...this.hub.state.disks, { volume: id, file }] });
    return { id, file };
  }

  async makeInterface(zone: string): Promise<Interface> {
    const made = await this.ec2.makeInterface(zone);
    const { id, mac } = made;
    await this.hub.change({
      cards: [...this.hub.state.cards, { id, mac, cidr: this.ec2.subnet(zone).cidr }],
    });
    return made;
  }

  /** An instance, up and with its user data run. */
  async launch(options: LaunchOptions): Promise<Launched> {
    const launched = await this.boot(options);
    await launched.machine.userData(launched.instance.userData);
    return launched;
  }

  /** An instance, up to where cloud-init would run its user data. */
  async boot(options: LaunchOptions): Promise<Launched> {
    const { name, image, zone, role, tags = {}, files = {}, programs = {}, folders = {}, userData } = options;
    const { region } = this.options;
    const subnet = this.ec2.subnet(zone);
    const { id, address } = await this.ec2.runInstance(zone, { Name: name, ...tags });
    const mac = `02:00:00:00:00:${(++this.number).toString(16).padStart(2, "0")}`;
    const hostname = `ip-${address.replaceAll(".", "-")}.ec2.internal`;
    const folder = join(this.folder, `${name}-${this.number}`);
    mkdirSync(folder);
    const machine = await Machine.start({
      ...{ name, image, folder, programs, mac, address },
      group: `${this.folder.split("/").at(-1)}-${this.number}`,
      link: linkOf(mac),
      prefix: subnet.prefix,
      gateway: subnet.router,
      hub: this.hub.pid,
      folders,
      files: {
        "/etc/resolv.conf": `nameserver ${NETWORK.resolver}\n`,
        "/etc/hosts": `127.0.0.1 localhost\n${address} ${hostname} ${name}\n`,
        // As cloud-init leaves it.
        "/var/lib/cloud/data/instance-id": `${id}\n`,
        ...trusting(image, this.awsCertificate),
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
    await this.hub.change({ instances: [...this.hub.state.instances, instance] });
    const launched: Launched = { machine, instance };
    this.launched.push(launched);
    return launched;
  }

  /** The host under the machine fails: its cables are dead before any of its processes could say a word. @returns when */
  async fail({ machine, instance }: Launched): Promise<number> {
    const at = await this.hub.unplug(instance.id);
    await machine.kill();
    await this.ec2.terminateInstance(instance.id, new Set(this.hub.state.disks.map(({ volume }) => volume)));
    await this.hub.change({ instances: this.hub.state.instances.filter(({ id }) => id !== instance.id) });
    return at;
  }

  /** The ends of the journals of all machines that ever ran, and of the hub. */
  log(): string {
    const parts = this.launched.map(({ machine }) => machine.log());
    return [...parts, `--- hub\n${this.hub.lastLines()}`].join("\n");
  }

  /** Adds what machines have logged to what went wrong. */
  async showing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      (error as Error).message += `\n${this.log()}`;
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.hub.releaseDisks().catch(() => undefined);
    await Promise.all(this.launched.map(({ machine }) => machine.kill()));
    await this.hub.stop();
    await this.aws.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** As somebody in the network runs it, with the programs and files of outside. */
  async run(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
    const enter = [`--net=/proc/${this.hub.pid}/ns/net`, "--", ...command];
    return (await promisify(execFile)("nsenter", enter, { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  }
}
