import type { Cluster } from "../clusters";
import { dialWords } from "./dial-words";
import { clusterOf, type Rule } from "./rule";

/** A cluster's version of Kubernetes changes. A control plane goes up a minor version at a time, and never down. */
export const controlPlaneVersion: Rule = (stack, around) => {
  const cluster = clusterOf(stack, around);
  const [before, after] = stack.kind === "cluster" ? versionsOf(cluster) : [];
  if (cluster === undefined || before === undefined || after === undefined || before.text === after.text) {
    return [];
  }
  const minors = after.minor - before.minor;
  const way = `the control plane of ${cluster.name} goes from ${before.text} to ${after.text}`;
  const [code, severity, text] =
    minors < 0 || (minors === 0 && after.patch < before.patch)
      ? (["version-lowered", "danger", `${way}: Kubernetes has no way down`] as const)
      : minors > 1
        ? ([
            "version-skipped",
            "danger",
            `${way}: ${minors - 1} minor version${minors > 2 ? "s are" : " is"} skipped, go one at a time`,
          ] as const)
        : (["version-upgrade", "attention", way] as const);
  const explains = stack.plan.changes
    .filter(({ type }) => type === "aws_eks_cluster")
    .map((change) => ({ change, attributes: ["version", "platform_version"] }));
  return [{ code, severity, address: null, text: `${text}; ${dialWords(cluster)}`, explains }];
};

interface Version {
  readonly text: string;
  readonly minor: number;
  readonly patch: number;
}

function versionsOf(cluster: Cluster | undefined): [Version?, Version?] {
  const [before, after] = [cluster?.before, cluster?.after].map((state): Version | undefined => {
    const text = state?.version ?? undefined;
    const [, minor, patch] = /^1\.(\d+)(?:\.(\d+))?$/.exec(text ?? "") ?? [];
    return text === undefined || minor === undefined
      ? undefined
      : { text, minor: Number(minor), patch: Number(patch ?? 0) };
  });
  return [before, after];
}
