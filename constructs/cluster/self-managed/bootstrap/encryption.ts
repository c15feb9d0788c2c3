import { stringify } from "yaml";
import { clusterResourceName } from "../../../../environment/naming";
import { ENCRYPTION_SOCKET } from "./kubernetes-paths";
import { flagsFile } from "../../../../environment/node-file";
import type { ControllerSettings } from "./settings";

/**
 * EncryptionConfiguration: Secrets are written with a KMS-held key from the first one on. `identity` is not among the
 * providers, so that nothing is ever read or written in the clear.
 */
export function renderEncryptionConfiguration(): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [
          {
            kms: {
              apiVersion: "v2",
              name: "aws-encryption-provider",
              endpoint: `unix://${ENCRYPTION_SOCKET}`,
              timeout: "3s",
            },
          },
        ],
      },
    ],
  });
}

/** Flags of aws-encryption-provider, which stands between the API server and KMS. */
export function renderEncryptionProviderFlags(controller: ControllerSettings): string {
  return flagsFile({
    key: controller.encryptionKeyArn,
    region: controller.region,
    listen: ENCRYPTION_SOCKET,
    "encryption-context": `cluster=${clusterResourceName(controller.environment, controller.cluster)}`,
    "health-kms-version": "v2",
    "health-port": "127.0.0.1:8083",
  });
}
