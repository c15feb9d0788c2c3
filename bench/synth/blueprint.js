// EKS Blueprints for CDK: a blueprint a cluster, and the VPC in a stack of its own.
"use strict";
const cluster = require("./cluster.js");
const peer = require("./cdk.js");

/**
 * @param providerOf makes the cluster provider from the modules and the options that both providers know; the package
 *   has one on aws-eks and one on aws-eks-v2
 */
exports.subject = (providerOf) => ({
  load() {
    const modules = { ...peer.load("aws-cdk-lib"), blueprints: require("@aws-quickstart/eks-blueprints") };
    return { ...modules, Vpc: modules.ec2.Vpc, Cluster: modules.eks1.Cluster };
  },

  async construct(modules, count, folder) {
    const app = peer.app(modules, folder);
    const vpc = peer.network(modules, app);
    for (const name of cluster.names(count)) {
      await addBlueprint(modules, app, name, vpc, providerOf);
    }
    return app;
  },
});

async function addBlueprint(modules, app, name, vpc, providerOf) {
  const { blueprints, ec2, eks1: eks, iam } = modules;
  const { addOns, nodes } = cluster;
  const resource = (make) => blueprints.getResource((context) => make(context.scope));
  const provider = providerOf(modules, {
    clusterName: name,
    vpcSubnets: [{ subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS }],
    // Cluster admin by an access entry, in API authentication mode.
    mastersRole: resource((scope) => iam.Role.fromRoleArn(scope, "admin", cluster.admin)),
    securityGroup: resource((scope) => peer.controlPlaneSecurity(modules, scope, vpc)),
    bootstrapClusterCreatorAdminPermissions: false,
    bootstrapSelfManagedAddons: false,
    serviceIpv4Cidr: cluster.serviceCidr,
    managedNodeGroups: [
      {
        id: "general",
        minSize: nodes,
        maxSize: nodes,
        desiredSize: nodes,
        instanceTypes: [new ec2.InstanceType(cluster.instanceType)],
        amiType: eks.NodegroupAmiType.AL2023_X86_64_STANDARD,
        nodeRole: resource((scope) => peer.nodeRole(modules, scope)),
        nodeGroupSubnets: { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS },
        launchTemplate: {
          userData: peer.userData(modules),
          securityGroup: resource((scope) => peer.workerSecurity(modules, scope, vpc)),
          requireImdsv2: true,
          httpPutResponseHopLimit: 1,
          blockDevices: [peer.rootVolume(modules)],
        },
      },
    ],
  });
  const stack = await blueprints.EksBlueprint.builder()
    .account(cluster.account)
    .region(cluster.region)
    .version(eks.KubernetesVersion.of(cluster.kubernetes))
    .clusterProvider(provider)
    .resourceProvider(blueprints.GlobalResources.Vpc, new blueprints.DirectVpcProvider(vpc))
    .resourceProvider(
      blueprints.GlobalResources.KmsKey,
      new blueprints.CreateKmsKeyProvider(`bench/${name}`, { enableKeyRotation: true }),
    )
    .enableControlPlaneLogTypes(...Object.values(eks.ClusterLoggingTypes))
    .addOns(
      new blueprints.EksPodIdentityAgentAddOn(addOns["eks-pod-identity-agent"]),
      new blueprints.VpcCniAddOn({
        version: addOns["vpc-cni"],
        enableNetworkPolicy: true,
        enablePrefixDelegation: true,
        warmPrefixTarget: 1,
      }),
      new blueprints.KubeProxyAddOn(addOns["kube-proxy"]),
      new blueprints.CoreDnsAddOn(addOns.coredns),
    )
    .buildAsync(app, name);
  const info = stack.getClusterInfo();
  const deployer = eks.AccessPolicy.fromAccessPolicyName("AmazonEKSAdminPolicy", {
    accessScopeType: eks.AccessScopeType.NAMESPACE,
    namespaces: cluster.deployerNamespaces,
  });
  const key = info.getRequiredResource(blueprints.GlobalResources.KmsKey);
  peer.surroundings(modules, stack, name, info.cluster, deployer, key);
}
