import { NamespaceV1 } from "@cdktf/provider-kubernetes/lib/namespace-v1";
import type { ITerraformDependable } from "cdktf";
import { Construct } from "constructs";

export interface NamespacesProps {
  /** Names; those that every cluster has by itself are passed over. */
  readonly names: readonly string[];
}

const GIVEN = ["default", "kube-system", "kube-public", "kube-node-lease"];

/** Namespaces that Skyline uses. */
export class Namespaces extends Construct {
  readonly all: ITerraformDependable[];

  constructor(scope: Construct, id: string, props: NamespacesProps) {
    super(scope, id);
    this.all = props.names
      .filter((name) => !GIVEN.includes(name))
      .map(
        (name) =>
          new NamespaceV1(this, name, {
            metadata: { name, labels: { "app.kubernetes.io/managed-by": "skyline" } },
          }),
      );
  }
}
