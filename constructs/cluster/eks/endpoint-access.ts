import { parseCidr } from "../../../environment/cidr";

/** Who reaches the cluster's API endpoint. The private endpoint is always on: nodes never leave the VPC for it. */
export class EndpointAccess {
  /** From inside the VPC and networks joined to it, and from nowhere else. */
  static readonly PRIVATE = new EndpointAccess([]);

  /**
   * Also from these public networks.
   * @throws Error when a network is no IPv4 network, or is all of the internet, or none is given
   */
  static privateAndPublicFrom(...cidrs: readonly string[]): EndpointAccess {
    for (const text of cidrs) {
      const parsed = parseCidr(text);
      if (typeof parsed === "string") {
        throw new Error(parsed);
      }
      if (parsed.prefix === 0) {
        throw new Error(`${text} is all of the internet; name the networks that need the public endpoint`);
      }
    }
    if (cidrs.length === 0) {
      throw new Error("name at least one network, or use EndpointAccess.PRIVATE");
    }
    return new EndpointAccess(cidrs);
  }

  private constructor(readonly publicCidrs: readonly string[]) {}
}
