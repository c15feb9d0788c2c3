import { Construct } from "constructs";
import type { NodeImage } from "../../instances/node-image";
import { EtcdMember } from "./etcd-member";
import type { ClusterPlace } from "./place";
import { SnapshotBucket } from "../../instances/snapshot-bucket";

export interface EtcdOptions {
  /**
   * Members, each in a zone of its own: 3, or 5 in five zones. Cannot be changed later.
   * @default 3
   */
  readonly members?: number;
  /** EC2 instance type. */
  readonly instanceType: string;
  readonly image: NodeImage;
  /** Size of the data volume in GiB. */
  readonly volumeGiB: number;
}

export interface EtcdProps extends EtcdOptions {
  readonly place: ClusterPlace;
  readonly securityGroupId: string;
}

/**
 * etcd: members that are replaced one by one and by a person, each with a volume, an address and a name that outlive its
 * instance, and a bucket of snapshots.
 *
 * @throws Error when the number of members is even, or there are fewer zones than members
 */
export class Etcd extends Construct {
  readonly members: number;

  constructor(scope: Construct, id: string, props: EtcdProps) {
    super(scope, id);
    const { members = 3, place } = props;
    if (members !== 3 && members !== 5) {
      throw new Error(`etcd of ${place.name} wants 3 or 5 members, not ${members}`);
    }
    if (place.zones.length < members) {
      throw new Error(
        `${members} etcd members of ${place.name} want as many zones, not ${place.zones.join(", ") || "none"}`,
      );
    }
    this.members = members;
    const snapshots = new SnapshotBucket(this, "snapshots", { place, of: "etcd" });
    for (let index = 0; index < members; index++) {
      new EtcdMember(this, `member-${index}`, { ...props, members, index, snapshots });
    }
  }
}
