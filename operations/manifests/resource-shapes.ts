import { clusterMetadata, metadata, reference, selector } from "./object-shapes";
import { podTemplate } from "./pod-shape";
import {
  as,
  block,
  blocks,
  boolean,
  dropped,
  integer,
  integerOrText,
  map,
  text,
  texts,
  type Fields,
} from "./shape";

/** One of Terraform's resource types, and the kind of Kubernetes that it makes. */
export interface ResourceShape {
  readonly apiVersion: string;
  readonly kind: string;
  /** Kubernetes' name of the kind in URLs and rights: `priorityclasses`. */
  readonly resource: string;
  /** Whether its objects are in a namespace. */
  readonly namespaced: boolean;
  readonly fields: Fields;
}

const rules = as(
  "rules",
  blocks({ api_groups: texts, resources: texts, resource_names: texts, verbs: texts }),
);
const clusterRules = as(
  "rules",
  blocks({
    api_groups: texts,
    non_resource_urls: as("nonResourceURLs", texts),
    resources: texts,
    resource_names: texts,
    verbs: texts,
  }),
);
const binding: Fields = {
  role_ref: block({ api_group: text, kind: text, name: text }),
  subject: as("subjects", blocks({ api_group: text, kind: text, name: text, namespace: text })),
};

const rollingUpdate = { max_surge: integerOrText, max_unavailable: integerOrText };
const policyPorts = blocks({ end_port: integer, port: integerOrText, protocol: text });
const policyPeers = blocks({
  ip_block: block({ cidr: text, except: texts }),
  namespace_selector: block(selector),
  pod_selector: block(selector),
});

/** What Terraform takes in any resource for itself. */
const ofTerraform: Fields = { depends_on: dropped, lifecycle: dropped, provider: dropped, timeouts: dropped };

const inCluster = (apiVersion: string, kind: string, resource: string, fields: Fields): ResourceShape => ({
  apiVersion,
  kind,
  resource,
  namespaced: false,
  fields: { ...ofTerraform, metadata: block(clusterMetadata), ...fields },
});
const inNamespace = (apiVersion: string, kind: string, resource: string, fields: Fields): ResourceShape => ({
  ...inCluster(apiVersion, kind, resource, { metadata: block(metadata), ...fields }),
  namespaced: true,
});

const RBAC = "rbac.authorization.k8s.io/v1";

/**
 * Shapes by Terraform's names of resource types, in the order in which a cluster needs the objects: a later one may lean
 * on an earlier one.
 */
export const resourceShapes: Readonly<Record<string, ResourceShape>> = {
  kubernetes_namespace_v1: inCluster("v1", "Namespace", "namespaces", {
    wait_for_default_service_account: dropped,
  }),
  kubernetes_priority_class_v1: inCluster("scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", {
    description: text,
    global_default: boolean,
    preemption_policy: text,
    value: integer,
  }),
  kubernetes_storage_class_v1: inCluster("storage.k8s.io/v1", "StorageClass", "storageclasses", {
    allow_volume_expansion: boolean,
    mount_options: texts,
    parameters: map,
    reclaim_policy: text,
    storage_provisioner: as("provisioner", text),
    volume_binding_mode: text,
  }),
  kubernetes_csi_driver_v1: inCluster("storage.k8s.io/v1", "CSIDriver", "csidrivers", {
    spec: block({ attach_required: boolean, pod_info_on_mount: boolean, volume_lifecycle_modes: texts }),
  }),
  kubernetes_cluster_role_v1: inCluster(RBAC, "ClusterRole", "clusterroles", {
    aggregation_rule: block({ cluster_role_selectors: blocks(selector) }),
    rule: clusterRules,
  }),
  kubernetes_cluster_role_binding_v1: inCluster(RBAC, "ClusterRoleBinding", "clusterrolebindings", binding),
  kubernetes_role_v1: inNamespace(RBAC, "Role", "roles", { rule: rules }),
  kubernetes_role_binding_v1: inNamespace(RBAC, "RoleBinding", "rolebindings", binding),
  kubernetes_service_account_v1: inNamespace("v1", "ServiceAccount", "serviceaccounts", {
    automount_service_account_token: boolean,
    image_pull_secret: as("imagePullSecrets", blocks(reference)),
    secret: as("secrets", blocks(reference)),
  }),
  kubernetes_config_map_v1: inNamespace("v1", "ConfigMap", "configmaps", {
    binary_data: map,
    data: map,
    immutable: boolean,
  }),
  kubernetes_service_v1: inNamespace("v1", "Service", "services", {
    spec: block({
      allocate_load_balancer_node_ports: boolean,
      cluster_ip: as("clusterIP", text),
      cluster_ips: as("clusterIPs", texts),
      external_ips: as("externalIPs", texts),
      external_name: text,
      external_traffic_policy: text,
      health_check_node_port: integer,
      internal_traffic_policy: text,
      ip_families: texts,
      ip_family_policy: text,
      load_balancer_class: text,
      load_balancer_ip: as("loadBalancerIP", text),
      load_balancer_source_ranges: texts,
      port: as(
        "ports",
        blocks({
          app_protocol: text,
          name: text,
          node_port: integer,
          port: integer,
          protocol: text,
          target_port: integerOrText,
        }),
      ),
      publish_not_ready_addresses: boolean,
      selector: map,
      session_affinity: text,
      session_affinity_config: block({ client_ip: as("clientIP", block({ timeout_seconds: integer })) }),
      type: text,
    }),
    wait_for_load_balancer: dropped,
  }),
  kubernetes_network_policy_v1: inNamespace("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", {
    spec: block({
      egress: blocks({ ports: policyPorts, to: policyPeers }),
      ingress: blocks({ from: policyPeers, ports: policyPorts }),
      pod_selector: block(selector),
      policy_types: texts,
    }),
  }),
  kubernetes_pod_disruption_budget_v1: inNamespace(
    "policy/v1",
    "PodDisruptionBudget",
    "poddisruptionbudgets",
    {
      spec: block({
        max_unavailable: integerOrText,
        min_available: integerOrText,
        selector: block(selector),
      }),
    },
  ),
  kubernetes_daemon_set_v1: inNamespace("apps/v1", "DaemonSet", "daemonsets", {
    spec: block({
      min_ready_seconds: integer,
      revision_history_limit: integer,
      selector: block(selector),
      strategy: as(
        "updateStrategy",
        block({
          rolling_update: block({ max_unavailable: integerOrText }),
          type: text,
        }),
      ),
      template: block(podTemplate),
    }),
    wait_for_rollout: dropped,
  }),
  kubernetes_deployment_v1: inNamespace("apps/v1", "Deployment", "deployments", {
    spec: block({
      min_ready_seconds: integer,
      paused: boolean,
      progress_deadline_seconds: integer,
      replicas: integer,
      revision_history_limit: integer,
      selector: block(selector),
      strategy: block({ rolling_update: block(rollingUpdate), type: text }),
      template: block(podTemplate),
    }),
    wait_for_rollout: dropped,
  }),
};
