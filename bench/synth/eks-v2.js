// AWS CDK's own construct, `Cluster` of aws-cdk-lib/aws-eks-v2: a stack a cluster, and the VPC in a stack of its own.
"use strict";
const cluster = require("./cluster.js");
const peer = require("./cdk.js");

/** The newest release; EKS Blueprints pins an older one. */
const PACKAGE = "aws-cdk-lib-newest";

/** @param appProps properties of the app beside those that all have */
exports.subject = (appProps) => ({
  load() {
    const modules = {
      ...peer.load(PACKAGE),
      lambda: require(`${PACKAGE}/aws-lambda`),
      kubectl: require("@aws-cdk/lambda-layer-kubectl-v35/lib/_asset"),
    };
    // The package loads its parts when they are first used; these two bring most of them.
    return { ...modules, Vpc: modules.ec2.Vpc, Cluster: modules.eks2.Cluster };
  },

  construct(modules, count, folder) {
    const app = peer.app(modules, folder, appProps);
    const vpc = peer.network(modules, app);
    for (const name of cluster.names(count)) {
      addCluster(modules, app, name, vpc);
    }
    return app;
  },
});

function addCluster(modules, app, name, vpc) {
  const { cdk, ec2, eks2: eks, iam, kms } = modules;
  const stack = new cdk.Stack(app, name, { env: peer.env });
  const key = new kms.Key(stack, "key", { enableKeyRotation: true, alias: `bench/${name}` });
  const eksCluster = new eks.Cluster(stack, "cluster", {
    clusterName: name,
    version: eks.KubernetesVersion.of(cluster.kubernetes),
    vpc,
    vpcSubnets: [{ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }],
    role: new iam.Role(stack, "role", {
      assumedBy: new iam.ServicePrincipal("eks.amazonaws.com"),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName("AmazonEKSClusterPolicy")],
    }),
    securityGroup: peer.controlPlaneSecurity(modules, stack, vpc),
    endpointAccess: eks.EndpointAccess.PRIVATE,
    bootstrapClusterCreatorAdminPermissions: false,
    bootstrapSelfManagedAddons: false,
    secretsEncryptionKey: key,
    clusterLogging: Object.values(eks.ClusterLoggingTypes),
    serviceIpv4Cidr: cluster.serviceCidr,
    defaultCapacityType: eks.DefaultCapacityType.NODEGROUP,
    defaultCapacity: 0,
    // Nothing can be put into a cluster without it.
    kubectlProviderOptions: { kubectlLayer: kubectlLayer(modules, stack) },
  });
  eksCluster.grantClusterAdmin("admin", cluster.admin);
  for (const [addonName, addonVersion] of Object.entries(cluster.addOns)) {
    new eks.Addon(stack, addonName, {
      cluster: eksCluster,
      addonName,
      addonVersion,
      configurationValues:
        addonName === "vpc-cni"
          ? {
              enableNetworkPolicy: "true",
              env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" },
            }
          : undefined,
    });
  }

  const template = new ec2.LaunchTemplate(stack, "launch-template", {
    userData: peer.userData(modules),
    securityGroup: peer.workerSecurity(modules, stack, vpc),
    requireImdsv2: true,
    httpPutResponseHopLimit: 1,
    ebsOptimized: true,
    detailedMonitoring: true,
    blockDevices: [peer.rootVolume(modules)],
  });
  eksCluster.addNodegroupCapacity("general", {
    nodeRole: peer.nodeRole(modules, stack),
    minSize: cluster.nodes,
    maxSize: cluster.nodes,
    desiredSize: cluster.nodes,
    instanceTypes: [new ec2.InstanceType(cluster.instanceType)],
    amiType: eks.NodegroupAmiType.AL2023_X86_64_STANDARD,
    subnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
    launchTemplateSpec: { id: template.launchTemplateId, version: template.latestVersionNumber },
  });
  const deployer = eks.AccessPolicy.fromAccessPolicyName("AmazonEKSAdminPolicy", {
    accessScopeType: eks.AccessScopeType.NAMESPACE,
    namespaces: cluster.deployerNamespaces,
  });
  peer.surroundings(modules, stack, name, eksCluster, deployer, key);
}

/** As KubectlV35Layer, which knows the other release alone. */
const kubectlLayer = ({ lambda, kubectl }, stack) =>
  new lambda.LayerVersion(stack, "kubectl", {
    code: lambda.Code.fromAsset(kubectl.ASSET_FILE, { assetHash: kubectl.assetHash() }),
  });
