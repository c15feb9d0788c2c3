/**
 * Who decides the number of nodes. Only a group that an autoscaler moves makes Terraform ignore the desired size: an
 * apply must neither drain nodes that an autoscaler added nor leave a fixed group at another size.
 */
export class Scaling {
  /** Terraform holds the group at `nodes`. @throws RangeError when it is no whole number from 0 */
  static fixed(nodes: number): Scaling {
    return new Scaling(nodes, nodes, nodes, false);
  }

  /**
   * An autoscaler moves the group between `min` and `max`. `initial` is the size at creation.
   * @throws RangeError when the numbers are not min ≤ initial ≤ max
   */
  static managedByAutoscaler(bounds: { min: number; max: number; initial?: number }): Scaling {
    return new Scaling(bounds.min, bounds.max, bounds.initial ?? Math.max(bounds.min, 1), true);
  }

  private constructor(
    readonly min: number,
    readonly max: number,
    /** Nodes at creation; for a fixed group also ever after. */
    readonly desired: number,
    /** The desired size is not Terraform's to change. */
    readonly ignoresDesired: boolean,
  ) {
    if (![min, max, desired].every((n) => Number.isInteger(n) && n >= 0) || min > desired || desired > max) {
      throw new RangeError(`scaling wants whole numbers min ≤ initial ≤ max, not ${min}, ${desired}, ${max}`);
    }
  }
}
