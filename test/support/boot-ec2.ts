import { field, type BootAws } from "./boot-aws";
import type { NetworkPlan, Subnet } from "./boot-types";

const PREFIX = 20;
/** One in each zone, in the order of their letters. */
const SUBNETS = [16, 32, 48].map((third) => ({
  cidr: `10.10.${third}.0/${PREFIX}`,
  router: `10.10.${third}.1`,
  prefix: PREFIX,
}));

/** The network that the machines are in. */
export const NETWORK: NetworkPlan = {
  subnets: SUBNETS,
  resolver: "10.10.0.2",
  aws: "10.10.0.4",
  balancer: "10.10.0.10",
  prefix: PREFIX,
};

/** An interface of the network that instances can have one after another. */
export interface Interface {
  readonly id: string;
  readonly address: string;
  readonly mac: string;
}

/** The books that the emulator keeps of EC2: what is in them comes about elsewhere. */
export class BootEc2 {
  private readonly subnets = new Map<string, Subnet & { readonly id: string }>();
  private interfaces = 0;

  constructor(private readonly aws: BootAws) {}

  async makeNetwork(): Promise<void> {
    const vpc = field(await this.aws.query("ec2", "CreateVpc", { CidrBlock: "10.10.0.0/16" }), "vpcId");
    for (const [index, subnet] of SUBNETS.entries()) {
      const zone = `${this.aws.region}${"abc"[index]}`;
      const answer = await this.aws.query("ec2", "CreateSubnet", {
        ...{ VpcId: vpc, AvailabilityZone: zone, CidrBlock: subnet.cidr },
      });
      this.subnets.set(zone, { ...subnet, id: field(answer, "subnetId") });
    }
  }

  subnet(zone: string): Subnet & { readonly id: string } {
    const subnet = this.subnets.get(zone);
    if (subnet === undefined) throw new Error(`no subnet in ${zone}`);
    return subnet;
  }

  /** @returns its id */
  async makeVolume(zone: string): Promise<string> {
    const volume = { AvailabilityZone: zone, Size: "1", VolumeType: "gp3" };
    return field(await this.aws.query("ec2", "CreateVolume", volume), "volumeId");
  }

  async makeInterface(zone: string): Promise<Interface> {
    const { id: subnet, cidr } = this.subnet(zone);
    const [first, second, third] = cidr.split(".");
    // Chosen here: the emulator draws from the whole subnet, its broadcast address and those of instances among it.
    const address = `${first}.${second}.${Number(third) + 8}.${10 + this.interfaces++}`;
    const wanted = { SubnetId: subnet, PrivateIpAddress: address };
    const answer = await this.aws.query("ec2", "CreateNetworkInterface", wanted);
    const given = field(answer, "privateIpAddress");
    if (given !== address) throw new Error(`the emulator gave ${given} and not ${address}`);
    return { id: field(answer, "networkInterfaceId"), address, mac: field(answer, "macAddress") };
  }

  async runInstance(
    zone: string,
    tags: Readonly<Record<string, string>>,
  ): Promise<{ readonly id: string; readonly address: string }> {
    const answer = await this.aws.query("ec2", "RunInstances", {
      ...{ ImageId: "ami-12c6146b", MinCount: "1", MaxCount: "1", SubnetId: this.subnet(zone).id },
      "TagSpecification.1.ResourceType": "instance",
      ...Object.fromEntries(
        Object.entries(tags).flatMap(([key, value], index) => [
          [`TagSpecification.1.Tag.${index + 1}.Key`, key],
          [`TagSpecification.1.Tag.${index + 1}.Value`, value],
        ]),
      ),
    });
    return { id: field(answer, "instanceId"), address: field(answer, "privateIpAddress") };
  }

  /**
   * The instance is gone, and what was attached to it is free: the emulator forgets the second.
   *
   * @param volumes those that outlive their instances
   */
  async terminateInstance(id: string, volumes: ReadonlySet<string>): Promise<void> {
    await this.aws.query("ec2", "TerminateInstances", { "InstanceId.1": id });
    const held = { "Filter.1.Name": "attachment.instance-id", "Filter.1.Value.1": id };
    const attached = await this.aws.query("ec2", "DescribeVolumes", held);
    for (const [, volume = ""] of attached.matchAll(/<volumeId>(vol-[^<]*)/g)) {
      if (!volumes.has(volume)) continue;
      await this.aws.query("ec2", "DetachVolume", { VolumeId: volume, InstanceId: id });
    }
    const cards = await this.aws.query("ec2", "DescribeNetworkInterfaces", held);
    for (const [, attachment = ""] of cards.matchAll(/<attachmentId>(eni-attach-[^<]*)/g)) {
      await this.aws
        .query("ec2", "DetachNetworkInterface", { AttachmentId: attachment })
        .catch(() => undefined);
    }
  }
}
