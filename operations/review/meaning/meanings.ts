import type { Meaning, Severity } from "../model";
import { accessChanged } from "./access";
import { activeClusterTouched } from "./active-cluster";
import { bookkeeping, wholePlan } from "./bookkeeping";
import { clusterRemoved } from "./cluster-removal";
import { consulServersReplaced } from "./consul-servers";
import { controlPlaneVersion } from "./control-plane-version";
import { namesChanged } from "./dns-names";
import { driftUndone } from "./drift";
import { etcdMembersReplaced } from "./etcd-members";
import { gatewaysRolled } from "./gateways";
import { ingressOpened } from "./ingress";
import { lifeStep } from "./life-step";
import { meshTouched } from "./mesh-touched";
import { networkReplaced } from "./network";
import { protectionLifted } from "./protection";
import { nodesRotated } from "./rotation";
import type { Rule, Situation } from "./rule";
import { storedStateDeleted } from "./stored-state";

const RULES: readonly Rule[] = [
  clusterRemoved,
  lifeStep,
  activeClusterTouched,
  meshTouched,
  gatewaysRolled,
  consulServersReplaced,
  etcdMembersReplaced,
  storedStateDeleted,
  controlPlaneVersion,
  nodesRotated,
  namesChanged,
  networkReplaced,
  ingressOpened,
  accessChanged,
  protectionLifted,
  driftUndone,
  bookkeeping,
  wholePlan,
];

/** From the worst on. */
export const SEVERITIES: readonly Severity[] = ["refused", "danger", "attention", "note"];

/** What the plans under review mean, the worst first, then by stack, code and address. */
export function meaningsOf(around: Situation): Meaning[] {
  const places = new Map(around.stacks.map(({ stack }, i) => [stack, i]));
  const key = ({ code, address, text }: Meaning) => `${code}\u0000${address ?? ""}\u0000${text}`;
  return around.stacks
    .flatMap((stack) =>
      RULES.flatMap((rule) => rule(stack, around)).map((said) => ({
        ...said,
        stack: stack.stack,
        text: stack.plan.hide(said.text),
      })),
    )
    .sort(
      (one, other) =>
        SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
        (places.get(one.stack) ?? 0) - (places.get(other.stack) ?? 0) ||
        (key(one) < key(other) ? -1 : 1),
    );
}
