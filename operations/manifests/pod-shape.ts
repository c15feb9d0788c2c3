import { container } from "./container-shape";
import {
  fieldReference,
  metadata,
  optionalReference,
  reference,
  resourceReference,
  runAs,
  selector,
} from "./object-shapes";
import {
  as,
  block,
  blocks,
  boolean,
  integer,
  integers,
  map,
  octal,
  text,
  texts,
  type Field,
  type Fields,
} from "./shape";

const items = blocks({ key: text, mode: octal, path: text });
const downwardItems = blocks({
  field_ref: block(fieldReference),
  mode: octal,
  path: text,
  resource_field_ref: block(resourceReference),
});

const volume: Fields = {
  name: text,
  config_map: block({ ...optionalReference, default_mode: octal, items }),
  downward_api: as("downwardAPI", block({ default_mode: octal, items: downwardItems })),
  empty_dir: block({ medium: text, size_limit: text }),
  host_path: block({ path: text, type: text }),
  persistent_volume_claim: block({ claim_name: text, read_only: boolean }),
  projected: block({
    default_mode: octal,
    sources: blocks({
      config_map: block({ ...optionalReference, items }),
      downward_api: as("downwardAPI", block({ items: downwardItems })),
      secret: block({ ...optionalReference, items }),
      service_account_token: block({ audience: text, expiration_seconds: integer, path: text }),
    }),
  }),
  secret: block({ default_mode: octal, items, optional: boolean, secret_name: text }),
};

const expressions = blocks({ key: text, operator: text, values: texts });
const nodeTerm: Fields = { match_expressions: expressions, match_fields: expressions };
const podTerm: Fields = { label_selector: block(selector), namespaces: texts, topology_key: text };
const podAffinity: Field = block({
  preferred_during_scheduling_ignored_during_execution: blocks({
    pod_affinity_term: block(podTerm),
    weight: integer,
  }),
  required_during_scheduling_ignored_during_execution: blocks(podTerm),
});

const affinity: Fields = {
  node_affinity: block({
    preferred_during_scheduling_ignored_during_execution: blocks({
      preference: block({ match_expressions: expressions }),
      weight: integer,
    }),
    required_during_scheduling_ignored_during_execution: block({
      node_selector_term: as("nodeSelectorTerms", blocks(nodeTerm)),
    }),
  }),
  pod_affinity: podAffinity,
  pod_anti_affinity: podAffinity,
};

const spec: Fields = {
  active_deadline_seconds: integer,
  affinity: block(affinity),
  automount_service_account_token: boolean,
  container: as("containers", blocks(container)),
  dns_config: block({
    nameservers: texts,
    option: as("options", blocks({ name: text, value: text })),
    searches: texts,
  }),
  dns_policy: text,
  enable_service_links: boolean,
  host_aliases: blocks({ hostnames: texts, ip: text }),
  host_ipc: as("hostIPC", boolean),
  host_network: boolean,
  host_pid: as("hostPID", boolean),
  hostname: text,
  image_pull_secrets: blocks(reference),
  init_container: as("initContainers", blocks(container)),
  node_name: text,
  node_selector: map,
  os: block(reference),
  priority_class_name: text,
  readiness_gate: as("readinessGates", blocks({ condition_type: text })),
  restart_policy: text,
  runtime_class_name: text,
  scheduler_name: text,
  security_context: block({
    ...runAs,
    fs_group: integer,
    fs_group_change_policy: text,
    supplemental_groups: integers,
    sysctl: as("sysctls", blocks({ name: text, value: text })),
  }),
  service_account_name: text,
  share_process_namespace: boolean,
  subdomain: text,
  termination_grace_period_seconds: integer,
  toleration: as(
    "tolerations",
    blocks({ effect: text, key: text, operator: text, toleration_seconds: integer, value: text }),
  ),
  topology_spread_constraint: as(
    "topologySpreadConstraints",
    blocks({
      label_selector: block(selector),
      match_label_keys: texts,
      max_skew: integer,
      min_domains: integer,
      node_affinity_policy: text,
      node_taints_policy: text,
      topology_key: text,
      when_unsatisfiable: text,
    }),
  ),
  volume: as("volumes", blocks(volume)),
};

/** `template` of a workload. */
export const podTemplate: Fields = { metadata: block(metadata), spec: block(spec) };
