import { ADD_ON_NAMESPACE, SYSTEM_NAMESPACE } from "../../../environment/naming";
import type { Manifest } from "../manifests";

type Level = "privileged" | "baseline" | "restricted";

/**
 * Skyline's namespaces, with what a pod in each may do to its node (Pod Security Standards).
 *
 * The services' own is privileged for the sake of the bridge: a Service selects pods of its namespace alone, so the
 * bridge is there, and it has host ports, which no other level allows. What services do beyond that is warned of.
 */
export function namespaces(administered: readonly string[]): Manifest[] {
  const levels: [string, Level][] = administered.map((name) => [
    name,
    name === SYSTEM_NAMESPACE ? "baseline" : "privileged",
  ]);
  return [...levels, [ADD_ON_NAMESPACE, "privileged"] as const].map(([name, level]) => ({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: {
        "app.kubernetes.io/managed-by": "skyline",
        "pod-security.kubernetes.io/enforce": level,
        "pod-security.kubernetes.io/warn": name === ADD_ON_NAMESPACE ? "privileged" : "restricted",
      },
    },
  }));
}
