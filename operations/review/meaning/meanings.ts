import type { Meaning, Severity } from "../model";
import { accessChanged } from "./access";
import { activeClusterTouched } from "./active-cluster";
import { bookkeeping, wholePlan } from "./bookkeeping";
import { bridgeReplaced } from "./bridge";
import { clusterRemoved } from "./cluster-removal";
import { consulServersChanged } from "./consul-servers";
import { controlPlaneVersion } from "./control-plane-version";
import { namesChanged } from "./dns-names";
import { driftMeans } from "./drift";
import { etcdMembersReplaced } from "./etcd-members";
import { gatewaysChanged } from "./gateways";
import { ingressOpened } from "./ingress";
import { lifeStep } from "./life-step";
import { meshTouched } from "./mesh-touched";
import { networkReplaced } from "./network";
import { networkTouched } from "./network-touched";
import { filtersMade, rolesBound } from "./platform-roles";
import { protectionLifted } from "./protection";
import { registryChanged } from "./registry-entries";
import { roleTrustChanged } from "./role-trust";
import { nodesRotated } from "./rotation";
import type { Explained, RuleForTheRest, Said, Situation } from "./rule";
import { storedStateDeleted } from "./stored-state";

/** The most important first, which is their order in what they tell. */
const RULES: readonly RuleForTheRest[] = [
  // It refuses nothing, so that of what is refused the removal of a cluster comes first.
  networkReplaced,
  clusterRemoved,
  lifeStep,
  consulServersChanged,
  etcdMembersReplaced,
  storedStateDeleted,
  gatewaysChanged,
  bridgeReplaced,
  controlPlaneVersion,
  nodesRotated,
  activeClusterTouched,
  meshTouched,
  networkTouched,
  namesChanged,
  ingressOpened,
  roleTrustChanged,
  rolesBound,
  filtersMade,
  accessChanged,
  protectionLifted,
  driftMeans,
  bookkeeping,
  wholePlan,
  registryChanged,
];

/** Rules that tell of what no other one has explained. */
const FOR_THE_REST: readonly RuleForTheRest[] = [activeClusterTouched, meshTouched, networkTouched];

/** From the worst on. */
export const SEVERITIES: readonly Severity[] = ["refused", "danger", "attention", "note"];

/** A meaning with what it is sorted by beside its severity. */
interface Ranked {
  readonly meaning: Meaning;
  readonly rule: number;
  readonly place: number;
}

/** What the plans under review mean: the worst first, then the most important, then by stack, code and address. */
export function meaningsOf(around: Situation): Meaning[] {
  const key = ({ code, address, text }: Meaning) => `${code}\u0000${address ?? ""}\u0000${text}`;
  return around.stacks
    .flatMap((stack, place) =>
      saidOf(stack, around).map(([rule, { explains: _, ...said }]): Ranked => ({
        meaning: { ...said, stack: stack.stack, text: stack.plan.hide(said.text) },
        rule,
        place,
      })),
    )
    .sort(
      (one, other) =>
        SEVERITIES.indexOf(one.meaning.severity) - SEVERITIES.indexOf(other.meaning.severity) ||
        one.rule - other.rule ||
        one.place - other.place ||
        (key(one.meaning) < key(other.meaning) ? -1 : 1),
    )
    .map(({ meaning }) => meaning);
}

/** What each rule tells of a stack, with the rule's place among them. */
function saidOf(stack: Situation["stacks"][number], around: Situation): [rule: number, Said][] {
  const explained: Explained[] = [];
  const saidBy = (rules: readonly RuleForTheRest[]) =>
    rules.flatMap((rule) =>
      rule(stack, around, explained).map((said): [number, Said] => [RULES.indexOf(rule), said]),
    );
  const special = saidBy(RULES.filter((rule) => !FOR_THE_REST.includes(rule)));
  explained.push(...special.flatMap(([, { explains = [] }]) => explains));
  return [...special, ...saidBy(FOR_THE_REST)];
}
