import { kubernetesPorts, secretNames } from "../../../../environment/naming";
import { renderAdmissionConfiguration } from "./admission";
import { renderApiServerFlags } from "./api-server";
import { renderAuditPolicy } from "./audit-policy";
import {
  renderAuthenticationConfiguration,
  renderAuthenticatorFlags,
  renderAuthenticatorMapping,
  renderAuthenticatorWebhook,
} from "./authentication";
import { renderControllerManagerFlags, renderSchedulerFlags } from "./controller-manager";
import { renderEncryptionConfiguration, renderEncryptionProviderFlags } from "./encryption";
import { renderKubeconfig } from "./kubeconfig";
import {
  ADMISSION_CONFIGURATION,
  AUDIT_POLICY,
  AUTHENTICATION_CONFIGURATION,
  AUTHENTICATOR_MAPPING,
  AUTHENTICATOR_WEBHOOK,
  CONTROLLER_PKI,
  ENCRYPTION_CONFIGURATION,
  kubeconfigOf,
  KUBERNETES,
} from "./kubernetes-paths";
import type { NodeFile } from "../../../../environment/node-file";
import { nodeVariables, secretFiles } from "./node-variables";
import type { ControllerSettings } from "./settings";
import { userDataScript } from "./user-data-script";

/** User data of a controller: a bash script, before base64. */
export function renderController(controller: ControllerSettings): string {
  const secret = secretNames.controllers(controller.environment, controller.cluster);
  const flags = (program: string) => `${KUBERNETES}/${program}.env`;
  return userDataScript({
    role: "controller",
    node: nodeVariables("controller", controller, [secretFiles(secret, CONTROLLER_PKI, "kubernetes")]),
    files: [
      // Read by systemd, which is root.
      { path: flags("kube-apiserver"), mode: "0600", content: renderApiServerFlags(controller) },
      {
        path: flags("kube-controller-manager"),
        mode: "0600",
        content: renderControllerManagerFlags(controller),
      },
      { path: flags("kube-scheduler"), mode: "0600", content: renderSchedulerFlags() },
      { path: flags("aws-iam-authenticator"), mode: "0600", content: renderAuthenticatorFlags() },
      {
        path: flags("aws-encryption-provider"),
        mode: "0600",
        content: renderEncryptionProviderFlags(controller),
      },
      ...[
        { path: kubeconfigOf("controller-manager"), content: ownKubeconfig("controller-manager") },
        { path: kubeconfigOf("scheduler"), content: ownKubeconfig("scheduler") },
        { path: ENCRYPTION_CONFIGURATION, content: renderEncryptionConfiguration() },
        { path: AUDIT_POLICY, content: renderAuditPolicy() },
        { path: AUTHENTICATION_CONFIGURATION, content: renderAuthenticationConfiguration() },
        { path: ADMISSION_CONFIGURATION, content: renderAdmissionConfiguration() },
        { path: AUTHENTICATOR_MAPPING, content: renderAuthenticatorMapping(controller) },
        { path: AUTHENTICATOR_WEBHOOK, content: renderAuthenticatorWebhook() },
      ].map(readable),
    ],
  });
}

/** By the programs, which may not change what they are told. */
const readable = (file: NodeFile): NodeFile => ({ ...file, owner: "root:kubernetes", mode: "0640" });

/** Controllers ask their own API server: one behind the balancer could be themselves, which NLBs do not route back. */
const ownKubeconfig = (program: string) =>
  renderKubeconfig({
    server: `https://127.0.0.1:${kubernetesPorts.apiServer}`,
    certificateAuthorityFile: `${CONTROLLER_PKI}/ca.crt`,
    user: {
      "client-certificate": `${CONTROLLER_PKI}/${program}.crt`,
      "client-key": `${CONTROLLER_PKI}/${program}.key`,
    },
  });
