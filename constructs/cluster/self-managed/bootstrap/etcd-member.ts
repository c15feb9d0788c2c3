import { secretNames } from "../../../../environment/naming";
import {
  endpointVariables,
  ETCD_PKI,
  etcdctlVariables,
  memberName,
  renderEtcdConfiguration,
} from "./etcd-configuration";
import { environmentFile } from "../../../../environment/node-file";
import { leaveVariables, nodeVariables, secretFiles } from "./node-variables";
import type { EtcdMemberSettings } from "./settings";
import { userDataScript } from "./user-data-script";

/** User data of an etcd member: a bash script, before base64. */
export function renderEtcdMember(member: EtcdMemberSettings): string {
  const secret = secretNames.etcdMember(member.environment, member.cluster, member.index);
  return userDataScript({
    role: "etcd",
    node: {
      ...nodeVariables("etcd", member, [secretFiles(secret, ETCD_PKI, "etcd")]),
      ...leaveVariables(member),
      SKYLINE_MEMBER: memberName(member.index),
      ...endpointVariables(member),
      SKYLINE_VOLUME_ID: member.volumeId,
      SKYLINE_INTERFACE_ID: member.interfaceId,
      SKYLINE_ADDRESS: member.address,
      SKYLINE_SNAPSHOT_BUCKET: member.snapshotBucket,
      SKYLINE_SNAPSHOT_KEY_ARN: member.snapshotKeyArn,
    },
    files: [
      {
        path: "/etc/etcd/etcd.yaml",
        owner: "root:etcd",
        mode: "0640",
        content: renderEtcdConfiguration(member),
      },
      { path: "/etc/etcd/etcdctl.env", content: environmentFile(etcdctlVariables(member)) },
    ],
  });
}
