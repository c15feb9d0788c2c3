import type {
  ControllerSettings,
  EtcdMemberSettings,
  WorkerSettings,
} from "../../../../../constructs/cluster/self-managed/bootstrap/settings";

const place = {
  environment: "development",
  cluster: "alpha",
  domain: "development.example.internal",
  region: "us-east-1",
};

const ACCOUNT = "arn:aws:iam::111111111111";

export const member: EtcdMemberSettings = {
  ...place,
  index: 1,
  members: 3,
  volumeId: "@@VOLUME@@",
  interfaceId: "@@INTERFACE@@",
  address: "@@ADDRESS@@",
  snapshotBucket: "development-alpha-snapshots",
  snapshotKeyArn: "@@KEY@@",
  group: "development-alpha-etcd-1",
  lifecycleHook: "leave",
  leaveLimitSeconds: 1234,
};

export const controller: ControllerSettings = {
  ...place,
  etcdMembers: 3,
  serviceCidr: "172.20.0.0/16",
  podCidr: "100.64.0.0/16",
  encryptionKeyArn: "@@KEY@@",
  admins: [
    `${ACCOUNT}:role/platform-admin`,
    `${ACCOUNT}:role/aws-reserved/sso/Break-Glass`,
    `${ACCOUNT}:user/teams/bob`,
  ],
  deployer: `${ACCOUNT}:role/ci/atlantis`,
  workerRoles: ["@@WORKER_ROLE@@"],
};

export const worker: WorkerSettings = {
  ...place,
  certificateAuthority: Buffer.from("a certificate\n").toString("base64"),
  serviceCidr: "172.20.0.0/16",
  labels: { team: "payments", "example.com/tier": "front" },
  group: "development-alpha-general",
  launchHook: "ready",
  lifecycleHook: "leave",
  leaveLimitSeconds: 1234,
};
