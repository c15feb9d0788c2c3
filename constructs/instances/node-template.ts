import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { Token, type ITerraformDependable } from "cdktf";
import { Construct } from "constructs";
import { imageId } from "./image-id";
import type { NodeImage } from "./node-image";
import type { InstancePlace } from "./instance-place";

export interface NodeTemplateProps {
  readonly place: Pick<InstancePlace, "keyArn">;
  readonly name: string;
  readonly description: string;
  readonly image: NodeImage;
  /**
   * EC2 instance type.
   * @default - the group's own list decides
   */
  readonly instanceType?: string;
  /** Size of the root volume in GiB. */
  readonly volumeGiB: number;
  readonly profileArn: string;
  readonly securityGroupIds: string[];
  /** Base64. */
  readonly userData: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly after: ITerraformDependable[];
}

/**
 * What a node is launched from: metadata by IMDSv2 alone and one hop far, and a root volume that the cluster's key
 * encrypts, since secrets are written to it.
 *
 * @throws Error when the image is EKS' stock one
 */
export class NodeTemplate extends Construct {
  readonly templateId: string;
  /** A number and not `$Latest`: a group shows its change in a plan. */
  readonly version: string;

  constructor(scope: Construct, id: string, props: NodeTemplateProps) {
    super(scope, id);
    if (props.image.source.type !== "own") {
      throw new Error(
        `${props.name} cannot start from EKS' stock image; write NodeImage.id or NodeImage.ssm`,
      );
    }
    const template = new LaunchTemplate(this, "launch-template", {
      name: props.name,
      description: props.description,
      updateDefaultVersion: true,
      imageId: imageId(this, props.image),
      instanceType: props.instanceType,
      ebsOptimized: "true",
      vpcSecurityGroupIds: props.securityGroupIds,
      iamInstanceProfile: { arn: props.profileArn },
      userData: props.userData,
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
            volumeSize: props.volumeGiB,
            encrypted: "true",
            kmsKeyId: props.place.keyArn,
            deleteOnTermination: "true",
          },
        },
      ],
      tagSpecifications: ["instance", "volume", "network-interface"].map((resourceType) => ({
        resourceType,
        tags: { ...props.tags },
      })),
      tags: { Name: props.name },
      dependsOn: props.after,
    });
    this.templateId = template.id;
    this.version = Token.asString(template.latestVersion);
  }
}
