/** The image that nodes start from. */
export class NodeImage {
  /**
   * The stock Amazon Linux 2023 image of EKS; the Consul agent is installed at first boot.
   * @param release release of the image, `1.35.0-20260415`; the newest of the version at creation when left out
   */
  static al2023(release?: string): NodeImage {
    return new NodeImage({ type: "al2023", release });
  }

  /** An own image made by `images/`, with the Consul agent in it. @throws Error when `id` is no AMI id */
  static id(id: string): NodeImage {
    if (!/^ami-[0-9a-f]+$/.test(id)) {
      throw new Error(`${JSON.stringify(id)} is no AMI id; write it like ami-0123456789abcdef0`);
    }
    return new NodeImage({ type: "own", id });
  }

  /**
   * An own image whose id is in an SSM parameter. Terraform reads the parameter, so a plan shows the new id before any
   * node is replaced.
   * @throws Error when `name` is no absolute parameter name
   */
  static ssm(name: string): NodeImage {
    if (!/^\/[\w./-]+$/.test(name)) {
      throw new Error(
        `${JSON.stringify(name)} is no name of an SSM parameter; write it like /skyline/images/worker/latest`,
      );
    }
    return new NodeImage({ type: "own", parameter: name });
  }

  private constructor(readonly source: NodeImageSource) {}
}

export type NodeImageSource =
  | { readonly type: "al2023"; readonly release: string | undefined }
  | { readonly type: "own"; readonly id: string; readonly parameter?: undefined }
  | { readonly type: "own"; readonly parameter: string; readonly id?: undefined };
