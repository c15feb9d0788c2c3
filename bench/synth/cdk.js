// What both peers are made of: AWS CDK, its network stack, and what goes around a cluster.
"use strict";
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const cluster = require("./cluster.js");

/** As long as the user data that Skyline renders for a stock image. */
const USER_DATA = "# a line of a script that joins the node to Consul\n".repeat(30);

/** The parts that are used of a release of aws-cdk-lib, by the name that it is installed under. */
exports.load = (name) => ({
  cdk: require(name),
  flags: require(`${name}/recommended-feature-flags.json`),
  ec2: require(`${name}/aws-ec2`),
  eks1: require(`${name}/aws-eks`),
  eks2: require(`${name}/aws-eks-v2`),
  iam: require(`${name}/aws-iam`),
  kms: require(`${name}/aws-kms`),
  logs: require(`${name}/aws-logs`),
  route53: require(`${name}/aws-route53`),
  ssm: require(`${name}/aws-ssm`),
});

/** An app as `cdk init` sets it up: with the recommended feature flags. */
exports.app = ({ cdk, flags }, folder, props = {}) =>
  new cdk.App({ outdir: folder, context: flags, ...props });

/** Explicit, so that nothing is looked up. */
exports.env = { account: cluster.account, region: cluster.region };

/** The VPC that all clusters share, as they share it in an environment of Skyline. */
exports.network = ({ cdk, ec2, route53, ssm }, app) => {
  const stack = new cdk.Stack(app, "network", { env: exports.env });
  const vpc = new ec2.Vpc(stack, "vpc", {
    ipAddresses: ec2.IpAddresses.cidr(cluster.networkCidr),
    availabilityZones: cluster.zones,
    subnetConfiguration: [
      { name: "public", subnetType: ec2.SubnetType.PUBLIC },
      { name: "private", subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    ],
    gatewayEndpoints: { s3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
    flowLogs: { all: { destination: ec2.FlowLogDestination.toCloudWatchLogs() } },
  });
  vpc.addInterfaceEndpoint("ecr-api", { service: ec2.InterfaceVpcEndpointAwsService.ECR });
  vpc.addInterfaceEndpoint("ecr-dkr", { service: ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER });
  new route53.PrivateHostedZone(stack, "private-zone", { zoneName: cluster.domain, vpc });
  new ssm.StringParameter(stack, "active", { parameterName: "/bench/active", stringValue: "c1" });
  return vpc;
};

exports.controlPlaneSecurity = ({ ec2 }, scope, vpc) => {
  const group = new ec2.SecurityGroup(scope, "control-plane-security", { vpc });
  group.addIngressRule(ec2.Peer.ipv4(cluster.networkCidr), ec2.Port.tcp(443), "API from the VPC");
  return group;
};

exports.workerSecurity = ({ ec2 }, scope, vpc) => {
  const { bridge, gossip } = cluster.ports;
  const group = new ec2.SecurityGroup(scope, "worker-security", { vpc });
  for (const port of [ec2.Port.tcp(bridge), ec2.Port.tcp(gossip), ec2.Port.udp(gossip)]) {
    group.addIngressRule(ec2.Peer.ipv4(cluster.networkCidr), port);
  }
  return group;
};

exports.nodeRole = ({ iam }, scope) => {
  const role = new iam.Role(scope, "node-role", {
    assumedBy: new iam.ServicePrincipal("ec2.amazonaws.com"),
    managedPolicies: ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"].map((name) =>
      iam.ManagedPolicy.fromAwsManagedPolicyName(name),
    ),
  });
  role.addToPolicy(new iam.PolicyStatement({ actions: ["ec2:DescribeInstances"], resources: ["*"] }));
  return role;
};

exports.userData = ({ ec2 }) => ec2.UserData.custom(USER_DATA);

exports.rootVolume = ({ ec2 }) => ({
  deviceName: "/dev/xvda",
  volume: ec2.BlockDeviceVolume.ebs(cluster.volumeGiB, {
    volumeType: ec2.EbsDeviceVolumeType.GP3,
    encrypted: true,
  }),
});

/** Log group, VPC CNI's identity, the deployer's way in, registry entry, outputs, and what the platform stack makes. */
exports.surroundings = ({ cdk, eks1, iam, logs, ssm }, stack, name, eksCluster, accessPolicy, key) => {
  const log = new logs.LogGroup(stack, "log-group", {
    logGroupName: `/aws/eks/${name}/cluster`,
    retention: logs.RetentionDays.THREE_MONTHS,
    encryptionKey: key,
  });
  eksCluster.node.addDependency(log);

  const role = new iam.Role(stack, "vpc-cni-role", {
    assumedBy: new iam.SessionTagsPrincipal(new iam.ServicePrincipal("pods.eks.amazonaws.com")),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("AmazonEKS_CNI_Policy")],
  });
  new eks1.CfnPodIdentityAssociation(stack, "vpc-cni-identity", {
    clusterName: eksCluster.clusterName,
    namespace: "kube-system",
    serviceAccount: "aws-node",
    roleArn: role.roleArn,
  });

  eksCluster.grantAccess("deployer", cluster.deployer, [accessPolicy]);
  new ssm.StringParameter(stack, "registry-entry", {
    parameterName: `/bench/clusters/${name}`,
    stringValue: stack.toJsonString({
      name,
      endpoint: eksCluster.clusterEndpoint,
      ca: eksCluster.clusterCertificateAuthorityData,
    }),
  });
  new cdk.CfnOutput(stack, "endpoint", { value: eksCluster.clusterEndpoint });
  for (const [id, manifests] of Object.entries(platform())) {
    eksCluster.addManifest(id, ...manifests);
  }
};

/** The same objects in the cluster as those of Skyline's platform stack. */
function platform() {
  const labels = { "app.kubernetes.io/name": "skyline-bridge" };
  const metadata = { name: "skyline-bridge", namespace: "default", labels };
  const configuration = readFileSync(join(__dirname, "../../mesh/bridge/nginx.conf"), "utf8");
  const priority = (name, value) => ({
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
  });
  const probe = (path) => ({ httpGet: { path, port: "health", scheme: "HTTP" }, timeoutSeconds: 2 });
  return {
    namespaces: [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "skyline-system" } }],
    "priority-classes": [
      priority("skyline-mesh", 1_000_000_000),
      priority("skyline-critical", 1_000_000),
      priority("skyline-batch", -1000),
    ],
    bridge: [
      { apiVersion: "v1", kind: "ServiceAccount", metadata, automountServiceAccountToken: false },
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: { "nginx.conf": configuration } },
      {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata,
        spec: {
          selector: { matchLabels: labels },
          updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
          template: {
            metadata: { labels },
            spec: {
              serviceAccountName: "skyline-bridge",
              priorityClassName: "skyline-mesh",
              terminationGracePeriodSeconds: 75,
              tolerations: [{ operator: "Exists" }],
              securityContext: { runAsNonRoot: true, runAsUser: 101, runAsGroup: 101, fsGroup: 101 },
              containers: [
                {
                  name: "nginx",
                  image: "public.ecr.aws/nginx/nginx:1.31.3",
                  command: ["nginx", "-e", "stderr", "-c", "/etc/skyline/nginx.conf", "-g", "daemon off;"],
                  ports: [
                    { name: "inbound", containerPort: cluster.ports.bridge, hostPort: cluster.ports.bridge },
                  ],
                  securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
                  resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "256Mi" } },
                  startupProbe: probe("/ready"),
                  readinessProbe: probe("/ready"),
                  livenessProbe: probe("/health"),
                  volumeMounts: [{ name: "configuration", mountPath: "/etc/skyline", readOnly: true }],
                },
              ],
              volumes: [{ name: "configuration", configMap: { name: "skyline-bridge" } }],
            },
          },
        },
      },
    ],
    [cluster.mesosService]: [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: cluster.mesosService, namespace: "default" },
        spec: {
          selector: labels,
          ports: [{ name: "http", port: cluster.ports.service, targetPort: cluster.ports.outbound }],
        },
      },
    ],
  };
}
