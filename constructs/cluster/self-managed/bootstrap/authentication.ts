import { stringify } from "yaml";
import { clusterResourceName, DEPLOYER_GROUP, nodeGroups } from "../../../../environment/naming";
import { AUTHENTICATOR_MAPPING, CONTROLLER_PKI } from "./kubernetes-paths";
import { renderKubeconfig } from "./kubeconfig";
import { flagsFile } from "../../../../environment/node-file";
import type { ControllerSettings } from "./settings";

const AUTHENTICATOR_PORT = 21362;

/** AuthenticationConfiguration: without a name, one gets to know whether the server is well, and nothing else. */
export function renderAuthenticationConfiguration(): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "AuthenticationConfiguration",
    anonymous: {
      enabled: true,
      conditions: ["/livez", "/readyz", "/healthz"].map((path) => ({ path })),
    },
  });
}

/** How the API server asks aws-iam-authenticator whose a token is. */
export function renderAuthenticatorWebhook(): string {
  return renderKubeconfig({
    server: `https://127.0.0.1:${AUTHENTICATOR_PORT}/authenticate`,
    certificateAuthorityFile: `${CONTROLLER_PKI}/ca.crt`,
  });
}

/** Configuration of aws-iam-authenticator: which IAM identity is whom in Kubernetes. */
export function renderAuthenticatorMapping(controller: ControllerSettings): string {
  const admins = controller.admins.map((arn) => ({
    arn: withoutPath(arn),
    username: isRole(arn) ? "skyline:admin:{{SessionName}}" : `skyline:admin:${nameOf(arn)}`,
    // The first to come in: what binds any other group is applied later, by the platform stack.
    groups: ["system:masters"],
  }));
  const roles = [
    ...admins.filter(({ arn }) => isRole(arn)),
    {
      arn: withoutPath(controller.deployer),
      username: "skyline:deployer:{{SessionName}}",
      groups: [DEPLOYER_GROUP],
    },
    ...controller.workerRoles.map((arn) => ({
      arn,
      // The name that its certificate must have: nobody asks for one in another node's name.
      username: "system:node:{{EC2PrivateDNSName}}",
      // It may ask for a certificate, and no more.
      groups: ["system:bootstrappers", nodeGroups.joining],
    })),
  ];
  return stringify(
    {
      clusterID: clusterResourceName(controller.environment, controller.cluster),
      server: {
        address: "127.0.0.1",
        port: AUTHENTICATOR_PORT,
        backendMode: ["MountedFile"],
        mapRoles: roles.map(({ arn, ...identity }) => ({ rolearn: arn, ...identity })),
        mapUsers: admins
          .filter(({ arn }) => !isRole(arn))
          .map(({ arn, ...identity }) => ({ userarn: arn, ...identity })),
      },
    },
    { lineWidth: 0 },
  );
}

/** Flags of aws-iam-authenticator. Its unit links the certificate into the directory of its state. */
export function renderAuthenticatorFlags(): string {
  return flagsFile({
    config: AUTHENTICATOR_MAPPING,
    "state-dir": "/run/aws-iam-authenticator",
    "kubeconfig-pregenerated": true,
  });
}

const isRole = (arn: string) => arn.includes(":role/");
const nameOf = (arn: string) => arn.slice(arn.lastIndexOf("/") + 1);

/** As the session of a role names it: `role/teams/Atlantis` calls as `assumed-role/Atlantis/…`. Users keep their path. */
const withoutPath = (arn: string) =>
  isRole(arn) ? `${arn.slice(0, arn.indexOf(":role/"))}:role/${nameOf(arn)}` : arn;
