import { renderController } from "../../constructs/cluster/self-managed/bootstrap/controller";
import { renderEtcdMember } from "../../constructs/cluster/self-managed/bootstrap/etcd-member";
import {
  activeApiHost,
  apiHost,
  authorityParameter,
  clusterResourceName,
  etcdHost,
  etcdPorts,
  kubernetesPorts,
} from "../../environment/naming";
import type { Environment, SelfManagedClusterSpec } from "../../environment/schema";
import { initPki } from "../../operations/pki/init";
import { aws } from "./aws-cli";
import { ApiClient, eksToken } from "./boot-client";
import { ACCOUNT, bootedEnvironment, CLUSTER, REGION, roleArn, ZONES } from "./boot-environment";
import type { Interface } from "./boot-ec2";
import { encryptionProvider } from "./boot-encryption";
import { BootWorld, type Launched, type Volume } from "./boot-world";
import { imageRoot } from "./image-roots";
import { waitUntil } from "./process";

const SNAPSHOTS = "booted-alpha-snapshots";
/**
 * Ten times as often as the balancer of the constructs checks, so that tests wait a tenth as long. An answer has more
 * than a tenth of the time: six machines share two cores, and a controller that is slow has not failed.
 */
export const HEALTH_CHECK = {
  protocol: "https",
  path: "/readyz",
  intervalMs: 1_000,
  timeoutMs: 1_000,
  threshold: 2,
} as const;

/** What of an etcd member outlives its instance. */
interface Seat {
  readonly volume: Volume;
  readonly network: Interface;
}

/**
 * A self-managed cluster without workers, booted from its images with the user data that the constructs render: three
 * members of etcd, three controllers, and the balancer.
 */
export class BootCluster {
  static async start(): Promise<BootCluster> {
    const world = await BootWorld.start({
      account: ACCOUNT,
      region: REGION,
      balancer: { port: kubernetesPorts.balancer, ...HEALTH_CHECK },
    });
    try {
      return await BootCluster.in(world);
    } catch (error) {
      (error as Error).message += `\n${world.log()}`;
      await world.stop();
      throw error;
    }
  }

  private static async in(world: BootWorld): Promise<BootCluster> {
    const environment = bootedEnvironment();
    const { aws: owner } = world;
    const roots = { etcd: await imageRoot("etcd"), controller: await imageRoot("controller") };
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: "emulated" };
    await initPki(environment, { clusters: [CLUSTER], endpoint: owner.url, credentials });
    const key = async () =>
      (await owner.json<{ KeyMetadata: { Arn: string } }>("kms", "TrentService.CreateKey", {})).KeyMetadata
        .Arn;
    await owner.s3("PUT", `/${SNAPSHOTS}`);
    const parameter = await owner.json<{ Parameter: { Value: string } }>("ssm", "AmazonSSM.GetParameter", {
      Name: authorityParameter(environment.environment, CLUSTER),
    });
    const ca = Buffer.from(parameter.Parameter.Value, "base64").toString();
    const seats = await Promise.all(
      ZONES.map(async (zone) => ({
        volume: await world.makeVolume(zone),
        network: await world.makeInterface(zone),
      })),
    );
    const cluster = new BootCluster(world, environment, ca, roots, seats, await key(), await key());
    const { domain } = environment;
    await world.setNames({
      [apiHost(CLUSTER, domain)]: world.balancerAddress,
      [activeApiHost(domain)]: world.balancerAddress,
      ...Object.fromEntries(
        seats.map(({ network }, index) => [etcdHost(index, CLUSTER, domain), network.address]),
      ),
    });
    return cluster;
  }

  readonly members: Launched[] = [];
  readonly controllers: Launched[] = [];
  readonly name: string;
  private number = 0;
  /** Each is good for a quarter of an hour, and a second of work. */
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    readonly world: BootWorld,
    readonly environment: Environment,
    /** PEM of the cluster's authority. */
    private readonly ca: string,
    private readonly roots: Readonly<Record<"etcd" | "controller", string>>,
    private readonly seats: readonly Seat[],
    private readonly encryptionKeyArn: string,
    readonly snapshotKeyArn: string,
  ) {
    this.name = clusterResourceName(environment.environment, CLUSTER);
  }

  /** etcd first, as a deploy has it, and the controllers when they like. */
  async up(): Promise<void> {
    await Promise.all(this.seats.map((_, index) => this.launchMember(index)));
    await Promise.all(ZONES.map(() => this.launchController()));
    await waitUntil("the balancer has three healthy targets", () => this.healthy(3), { timeoutMs: 120_000 });
  }

  /** The instance of a member's group: whatever was there before, with the same volume and address. */
  async launchMember(index: number): Promise<Launched> {
    const { volume, network } = this.seats[index]!;
    const settings = this.place();
    const group = `${this.name}-etcd-${index}`;
    const launched = await this.world.launch({
      name: `etcd-${index}-${++this.number}`,
      image: this.roots.etcd,
      zone: ZONES[index]!,
      role: group,
      userData: renderEtcdMember({
        ...settings,
        ...{ index, members: this.seats.length, group, lifecycleHook: "leave", leaveLimitSeconds: 600 },
        ...{ volumeId: volume.id, interfaceId: network.id, address: network.address },
        ...{ snapshotBucket: SNAPSHOTS, snapshotKeyArn: this.snapshotKeyArn },
      }),
    });
    this.members[index] = launched;
    return launched;
  }

  /** One more controller, behind the balancer. */
  async launchController(): Promise<Launched> {
    const spec = this.environment.clusters[CLUSTER] as SelfManagedClusterSpec;
    const number = ++this.number;
    const launched = await this.world.launch({
      name: `controller-${number}`,
      image: this.roots.controller,
      zone: ZONES[number % ZONES.length]!,
      role: `${this.name}-controllers`,
      ...encryptionProvider(this.world.folder),
      userData: renderController({
        ...this.place(),
        etcdMembers: this.seats.length,
        serviceCidr: spec.serviceCidr,
        podCidr: spec.podCidr,
        encryptionKeyArn: this.encryptionKeyArn,
        admins: this.environment.access.admins,
        deployer: this.environment.access.deployer,
        workerRoles: [roleArn(`${this.name}-workers`)],
      }),
    });
    this.controllers.push(launched);
    await this.register();
    return launched;
  }

  /** The API as somebody in the network sees it. */
  client(): ApiClient {
    return new ApiClient(this.world.apiDoor, apiHost(CLUSTER, this.environment.domain), this.ca);
  }

  /** What `aws eks get-token` gives a session of an IAM role. */
  async token(roleName: string, session = "somebody", cluster = this.name): Promise<string> {
    const key = `${roleName}/${session}/${cluster}`;
    const known = this.tokens.get(key) ?? this.makeToken(roleName, session, cluster);
    this.tokens.set(key, known);
    return known;
  }

  private async makeToken(roleName: string, session: string, cluster: string): Promise<string> {
    return eksToken(cluster, REGION, await this.world.session(roleName, session));
  }

  /** Rejects while the balancer has another number of healthy targets. */
  async healthy(count: number): Promise<void> {
    const targets = await this.world.health();
    if (targets.filter(({ healthy }) => healthy).length !== count) throw new Error(JSON.stringify(targets));
  }

  /** etcdctl on a member, with the member's own certificate, and the endpoints of all. */
  etcdctl(index: number, ...args: string[]): Promise<string> {
    return this.etcdctlAs(index, "", args);
  }

  /** {@link etcdctl}, of which the member asks itself alone. */
  ownEtcdctl(index: number, ...args: string[]): Promise<string> {
    const host = etcdHost(index, CLUSTER, this.environment.domain);
    return this.etcdctlAs(index, `ETCDCTL_ENDPOINTS=https://${host}:${etcdPorts.client};`, args);
  }

  private etcdctlAs(index: number, endpoints: string, args: readonly string[]): Promise<string> {
    const script = `set -a; . /etc/etcd/etcdctl.env; ${endpoints} exec etcdctl "$@"`;
    return this.members[index]!.machine.read("sh", "-c", script, "etcdctl", ...args);
  }

  /** What S3 says of a snapshot, as its owner sees it. */
  snapshot(url: string): Promise<{ readonly SSEKMSKeyId: string }> {
    const [, bucket = "", key = ""] = /^s3:\/\/([^/]+)\/(.*)$/.exec(url) ?? [];
    const options = { "--bucket": bucket, "--key": key };
    return aws(this.world.aws.environment(), ["s3api", "head-object"], options);
  }

  /** Rejects while a member does not take part: it must read with the others' agreement. */
  async memberHealthy(index: number): Promise<void> {
    await this.ownEtcdctl(index, "endpoint", "health");
  }

  /** The host under the first controller fails; its group launches no successor. The balancer is told nothing. */
  async failController(): Promise<{ readonly address: string; readonly at: number }> {
    const failed = this.controllers.shift()!;
    return { address: failed.instance.address, at: await this.world.fail(failed) };
  }

  /** Resolves to when the balancer took a target out. */
  async takenOut(address: string): Promise<number> {
    const target = (await this.world.health()).find((one) => one.address === address);
    if (target === undefined || target.healthy) throw new Error(JSON.stringify(target));
    return target.since;
  }

  /** The balancer gets to know which instances are in the group. */
  async register(): Promise<void> {
    const targets = this.controllers.map(({ instance: { address } }) => ({
      ...{ address, port: kubernetesPorts.apiServer },
    }));
    await this.world.setTargets(targets);
  }

  /** Adds what machines have logged to what went wrong. */
  showing(work: () => Promise<void>): Promise<void> {
    return this.world.showing(work);
  }

  stop(): Promise<void> {
    return this.world.stop();
  }

  private place() {
    const { environment, domain, region } = this.environment;
    return { environment, cluster: CLUSTER, domain, region };
  }
}
