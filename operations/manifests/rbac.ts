import type { Manifest } from "./manifests";

const API_GROUP = "rbac.authorization.k8s.io";
const API_VERSION = `${API_GROUP}/v1`;
const labels = { "app.kubernetes.io/managed-by": "skyline" };

/** A rule of a role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Subject {
  readonly kind: "Group" | "ServiceAccount";
  readonly name: string;
  readonly apiGroup?: string;
  readonly namespace?: string;
}

export const group = (name: string): Subject => ({ apiGroup: API_GROUP, kind: "Group", name });
export const account = (namespace: string, name: string): Subject => ({
  kind: "ServiceAccount",
  name,
  namespace,
});

export const clusterRole = (name: string, rules: readonly Rule[]): Manifest => ({
  apiVersion: API_VERSION,
  kind: "ClusterRole",
  metadata: { name, labels },
  rules,
});

export const clusterBinding = (name: string, role: string, subjects: readonly Subject[]): Manifest => ({
  apiVersion: API_VERSION,
  kind: "ClusterRoleBinding",
  metadata: { name, labels },
  roleRef: { apiGroup: API_GROUP, kind: "ClusterRole", name: role },
  subjects,
});

export const role = (namespace: string, name: string, rules: readonly Rule[]): Manifest => ({
  apiVersion: API_VERSION,
  kind: "Role",
  metadata: { name, namespace, labels },
  rules,
});

/** @param to the role's kind and name; a role in the namespace itself or a cluster role */
export const binding = (
  namespace: string,
  name: string,
  to: { readonly kind: "Role" | "ClusterRole"; readonly name: string },
  subjects: readonly Subject[],
): Manifest => ({
  apiVersion: API_VERSION,
  kind: "RoleBinding",
  metadata: { name, namespace, labels },
  roleRef: { apiGroup: API_GROUP, ...to },
  subjects,
});
