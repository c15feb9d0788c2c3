import { isObject } from "../json-object";
import { blocks, isNotTrue, said, type Check, type Complaint, type Values } from "./resource";

/** A volume is not encrypted at rest. What the account's default may be is not in the code, and can be switched off. */
export const unencryptedVolume: Check = ({ type, values }) => BY_TYPE[type]?.(values) ?? [];

const encrypted = (values: Values, what = ""): Complaint[] =>
  isNotTrue(values.encrypted)
    ? [{ wrong: `${what}${said("encrypted", values.encrypted)}`, right: "write encrypted: true" }]
    : [];

/** Volumes of an instance. Its root device is there whether the code names it or not. */
const instance = (values: Values): Complaint[] => {
  const roots = blocks(values, "root_block_device");
  return [
    ...(roots.length === 0 && blocks(values, "launch_template").length === 0
      ? [{ wrong: "the root device is not encrypted", right: "write root_block_device: { encrypted: true }" }]
      : []),
    ...roots.flatMap((block) => encrypted(block, "root_block_device: ")),
    ...blocks(values, "ebs_block_device").flatMap((block) =>
      encrypted(block, `ebs_block_device ${String(block.device_name)}: `),
    ),
  ];
};

const template = (values: Values): Complaint[] => {
  const mappings = blocks(values, "block_device_mappings");
  return [
    ...(mappings.length === 0
      ? [
          {
            wrong: "the root device is not encrypted",
            right: "write block_device_mappings with its device_name and ebs: { encrypted: true }",
          },
        ]
      : []),
    ...mappings.flatMap((mapping) =>
      blocks(mapping, "ebs").flatMap((ebs) => encrypted(ebs, `${String(mapping.device_name)}: `)),
    ),
  ];
};

/** Volumes that the EBS CSI driver will make of this class. */
const storageClass = (values: Values): Complaint[] =>
  values.storage_provisioner === "ebs.csi.aws.com" || values.storage_provisioner === "kubernetes.io/aws-ebs"
    ? encrypted(isObject(values.parameters) ? values.parameters : {}, "parameters: ")
    : [];

const BY_TYPE: Readonly<Record<string, (values: Values) => Complaint[]>> = {
  aws_ebs_volume: (values) => encrypted(values),
  aws_efs_file_system: (values) => encrypted(values),
  aws_instance: instance,
  aws_spot_instance_request: instance,
  aws_launch_configuration: instance,
  aws_launch_template: template,
  kubernetes_storage_class: storageClass,
  kubernetes_storage_class_v1: storageClass,
};
