import { isObject } from "../../../environment/json-object";
import { listed } from "../../words";
import { carriesTraffic } from "../clusters";
import { childOf, type Masked } from "../masked";
import type { PlannedChange } from "../plan";
import { blocksIn, textIn } from "./changes";
import { clusterOf, type Rule, type Said } from "./rule";

/** Who has these roles, or is one of these, may do what an admin does, or is anybody. */
const ADMIN = "cluster-admin";
const ANYBODY = ["system:unauthenticated", "system:anonymous", "system:authenticated"];

/** Somebody is given a role inside of a cluster. */
export const rolesBound: Rule = (stack) =>
  stack.kind === "platform"
    ? stack.plan.changes
        .filter((change) => stands(change) && /role_?binding$/.test(kindOf(change)))
        .map((change): Said => {
          const body = bodyOf(change.after);
          const [role] = [...blocksIn(body, "role_ref"), ...objectIn(body, "roleRef")];
          const subjects = [...blocksIn(body, "subject"), ...blocksIn(body, "subjects")];
          const isDanger =
            (role !== undefined && textIn(role, "name") === ADMIN) ||
            subjects.some((subject) => ANYBODY.includes(textIn(subject, "name") ?? ""));
          const name =
            role === undefined
              ? "a role that is not known here"
              : `${word(role, "kind")} ${word(role, "name")}`;
          return {
            code: "role-bound",
            severity: isDanger ? "danger" : "attention",
            address: change.address,
            text: `${name} is given to ${subjects.length === 0 ? "somebody who is not known here" : listed(subjects.map(subjectSaid))}`,
            explains: [{ change }],
          };
        })
    : [];

const FILTERS: readonly (readonly [RegExp, code: string, text: string])[] = [
  [
    /^network_?policy$/,
    "network-policy-created",
    "a new network policy: what it does not let through reaches none of its pods any more",
  ],
  [
    /^(validating|mutating)_?(webhook_?configuration|admission_?policy(_?binding)?)$/,
    "admission-webhook-created",
    "a new say in what may be made in the cluster: what it refuses, or does not answer for, is not made",
  ],
];

/** What filters traffic or changes is made in a cluster that has traffic. */
export const filtersMade: Rule = (stack, around) => {
  const cluster = clusterOf(stack, around);
  if (stack.kind !== "platform" || cluster === undefined || carriesTraffic(cluster) === "no") {
    return [];
  }
  return stack.plan.changes
    .filter(({ action }) => action === "create")
    .flatMap((change) =>
      FILTERS.filter(([shape]) => shape.test(kindOf(change))).map(([, code, text]) => ({
        ...{ code, severity: "attention" as const, address: change.address, text },
        explains: [{ change }],
      })),
    );
};

const stands = ({ action }: PlannedChange) => !["delete", "forget", "move"].includes(action);

/** `cluster_role_binding` of that type, whatever its version, and `clusterrolebinding` of a manifest. */
const kindOf = ({ type, after }: PlannedChange): string =>
  type === "kubernetes_manifest"
    ? (textIn(bodyOf(after), "kind")?.toLowerCase() ?? "")
    : type.replace(/^kubernetes_/, "").replace(/_v\d+(alpha\d+|beta\d+)?$/, "");

const bodyOf = (side: Masked): Masked => objectIn(side, "manifest")[0] ?? side;

function objectIn(side: Masked, key: string): Masked[] {
  const value = childOf(side, key);
  return isObject(value) ? [value as Masked] : [];
}

const word = (side: Masked, key: string) => textIn(side, key) ?? `an unknown ${key}`;

function subjectSaid(subject: Masked): string {
  const namespace = textIn(subject, "namespace");
  const name = word(subject, "name");
  return `${word(subject, "kind")} ${textIn(subject, "kind") === "ServiceAccount" && namespace !== undefined ? `${namespace}/` : ""}${name}`;
}
