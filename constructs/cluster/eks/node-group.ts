import { EksNodeGroup } from "@cdktf/provider-aws/lib/eks-node-group";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { Token, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import type { Architecture } from "../../../environment/instance-type";
import { clusterResourceName, SHORT_LABEL, tagKeys } from "../../../environment/naming";
import { encodeUserData } from "../../user-data";
import { architectureOfAll } from "../architecture";
import { imageId } from "../../instances/image-id";
import { MAX_PODS } from "../../../environment/pod-capacity";
import type { NodeImage } from "../../instances/node-image";
import type { Scaling } from "../scaling";
import { renderBootstrap } from "./bootstrap/bootstrap";
import type { NodeRole } from "./node-role";

export interface NodeGroupOptions {
  readonly scaling: Scaling;
  /** EC2 instance types of one architecture, the preferred one first. */
  readonly instanceTypes: readonly string[];
  readonly image: NodeImage;
  /**
   * Size of the root volume in GiB.
   * @default 80
   */
  readonly volumeGiB?: number;
  /**
   * Kubernetes labels of the nodes.
   * @default {}
   */
  readonly labels?: Readonly<Record<string, string>>;
  /**
   * Most pods on a node. An environment is checked for addresses of the default.
   * @default 110
   */
  readonly maxPods?: number;
}

export interface NodeGroupProps extends NodeGroupOptions {
  readonly groupName: string;
  readonly environment: string;
  readonly region: string;
  readonly clusterName: string;
  readonly eksName: string;
  readonly version: string;
  readonly endpoint: string;
  readonly certificateAuthority: string;
  readonly serviceCidr: string;
  readonly subnetIds: string[];
  readonly nodeRole: NodeRole;
  readonly securityGroupIds: string[];
  /** What must stand before the first node. */
  readonly after: readonly ITerraformDependable[];
}

const STOCK_AMI_TYPE: Record<Architecture, string> = {
  amd64: "AL2023_x86_64_STANDARD",
  arm64: "AL2023_ARM_64_STANDARD",
};

/** Places in the user data of what only the finished cluster knows. */
const PLACES = { endpoint: "@@ENDPOINT@@", certificateAuthority: "@@CERTIFICATE_AUTHORITY@@" } as const;

/**
 * A managed group of workers. Made by `EksCluster.addNodeGroup`.
 *
 * @throws Error when the name is no DNS label of at most 20 characters, or the instance types differ in architecture
 */
export class NodeGroup extends Construct {
  /** The nodes themselves, to wait for. */
  readonly nodes: ITerraformDependable;

  constructor(scope: Construct, id: string, props: NodeGroupProps) {
    super(scope, id);
    if (!SHORT_LABEL.test(props.groupName)) {
      throw new Error(
        `${JSON.stringify(props.groupName)} is no name of a node group; write a label like general`,
      );
    }
    const architecture = architectureOfAll(props.instanceTypes);
    const name = clusterResourceName(props.environment, props.clusterName, props.groupName);
    const tags = {
      [tagKeys.environment]: props.environment,
      [tagKeys.cluster]: props.clusterName,
      Name: name,
    };
    const image = props.image.source;

    const template = new LaunchTemplate(this, "launch-template", {
      name,
      description: `Workers ${props.groupName} of the Kubernetes cluster ${props.eksName}`,
      updateDefaultVersion: true,
      imageId: imageId(this, props.image),
      ebsOptimized: "true",
      vpcSecurityGroupIds: props.securityGroupIds,
      userData: encodeUserData(
        renderBootstrap({
          image: image.type,
          node: {
            clusterName: props.eksName,
            endpoint: PLACES.endpoint,
            certificateAuthority: PLACES.certificateAuthority,
            serviceCidr: props.serviceCidr,
            maxPods: props.maxPods ?? MAX_PODS,
            labels: props.labels ?? {},
          },
          consul: { environment: props.environment, region: props.region, clusterName: props.clusterName },
        }),
        { [PLACES.endpoint]: props.endpoint, [PLACES.certificateAuthority]: props.certificateAuthority },
      ),
      metadataOptions: {
        httpEndpoint: "enabled",
        httpTokens: "required",
        // One hop ends at the node itself: a pod cannot take on the node's role.
        httpPutResponseHopLimit: 1,
        instanceMetadataTags: "disabled",
      },
      monitoring: { enabled: true },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeType: "gp3",
            volumeSize: props.volumeGiB ?? 80,
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      // default_tags of the provider do not reach what the group launches.
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
        resourceType,
        tags,
      })),
      tags: { Name: name },
    });

    const { scaling } = props;
    const nodes = new EksNodeGroup(this, "node-group", {
      clusterName: props.eksName,
      nodeGroupName: props.groupName,
      nodeRoleArn: props.nodeRole.arn,
      subnetIds: props.subnetIds,
      instanceTypes: [...props.instanceTypes],
      amiType: image.type === "al2023" ? STOCK_AMI_TYPE[architecture] : "CUSTOM",
      // Whoever gives the image decides the version of an own one.
      version: image.type === "al2023" ? props.version : undefined,
      releaseVersion: image.type === "al2023" ? image.release : undefined,
      capacityType: "ON_DEMAND",
      launchTemplate: { id: template.id, version: Token.asString(template.latestVersion) },
      labels: { ...props.labels },
      scalingConfig: { minSize: scaling.min, maxSize: scaling.max, desiredSize: scaling.desired },
      updateConfig: { maxUnavailable: 1 },
      nodeRepairConfig: { enabled: true },
      dependsOn: [...props.nodeRole.rights, ...props.after],
      lifecycle: scaling.ignoresDesired ? { ignoreChanges: ["scaling_config[0].desired_size"] } : undefined,
    });
    this.nodes = nodes;
  }
}
