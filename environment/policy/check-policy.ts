import { CHECK_NAMES, type CheckName } from "./checks";
import { creatorAdmin } from "./creator-admin";
import { instanceMetadataV1 } from "./instance-metadata";
import { missingTags } from "./missing-tags";
import { openIngress } from "./open-ingress";
import { publicEndpoint } from "./public-endpoint";
import type { Check, Complaint, Surroundings } from "./resource";
import { unencryptedVolume } from "./unencrypted-volume";
import { wildcardIam } from "./wildcard-iam";

/** What a check found. */
export interface Finding extends Complaint {
  readonly check: CheckName;
  /** Address of the resource in its stack. */
  readonly address: string;
}

const checks: Readonly<Record<CheckName, Check>> = {
  "public-endpoint": publicEndpoint,
  "open-ingress": openIngress,
  "wildcard-iam": wildcardIam,
  "unencrypted-volume": unencryptedVolume,
  "instance-metadata-v1": instanceMetadataV1,
  "missing-tags": missingTags,
  "creator-admin": creatorAdmin,
};

/** All findings in a stack, resource by resource. */
export function checkPolicy(around: Surroundings): Finding[] {
  return around.resources.flatMap((resource) =>
    CHECK_NAMES.flatMap((check) =>
      checks[check](resource, around).map((complaint) => ({
        ...complaint,
        check,
        address: resource.address,
      })),
    ),
  );
}
