/** What instances, of a cluster or of the mesh, take from where they stand. */
export interface InstancePlace {
  /** Prefix of the names of what they share. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Key of volumes and snapshots. */
  readonly keyArn: string;
  /** Service-linked role with which groups launch instances. */
  readonly launchRoleArn: string;
  /** Refuse plans that would destroy data, as long as the code still has what holds it. */
  readonly deletionProtection: boolean;
}
