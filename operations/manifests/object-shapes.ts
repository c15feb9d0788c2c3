import { as, block, blocks, boolean, integer, map, text, texts, type Fields } from "./shape";

/** `metadata` of objects outside and inside of namespaces. */
export const clusterMetadata: Fields = { name: text, labels: map, annotations: map };
export const metadata: Fields = { ...clusterMetadata, namespace: text };

/** `matchLabels` and `matchExpressions`. */
export const selector: Fields = {
  match_labels: map,
  match_expressions: blocks({ key: text, operator: text, values: texts }),
};

export const reference: Fields = { name: text };
export const optionalReference: Fields = { name: text, optional: boolean };
export const key: Fields = { name: text, key: text, optional: boolean };

export const fieldReference: Fields = { api_version: text, field_path: text };
export const resourceReference: Fields = { container_name: text, divisor: text, resource: text };

export const seLinux: Fields = { level: text, role: text, type: text, user: text };
export const seccomp: Fields = { type: text, localhost_profile: text };

/** What containers and pods both say of whom they run as. */
export const runAs: Fields = {
  run_as_group: integer,
  run_as_non_root: boolean,
  run_as_user: integer,
  se_linux_options: as("seLinuxOptions", block(seLinux)),
  seccomp_profile: block(seccomp),
};
