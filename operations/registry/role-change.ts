import { isScalar } from "yaml";
import { parseDocument } from "../../environment/yaml-document";
import { unifiedDiff } from "../mesh/publish/diff";

/**
 * The change of an environment file that says what a promotion has done: the promoted cluster is `active`, and the one
 * that was so in the file `passive`. All else stays as it was written.
 *
 * @returns a unified diff; empty when the file says so already; undefined when a role is no plain value of its own
 */
export function roleChange(path: string, text: string, promoted: string): string | undefined {
  const document = parseDocument(text);
  const clusters = document.toJS() as { clusters: Readonly<Record<string, { readonly role?: unknown }>> };
  const wanted = Object.entries(clusters.clusters).flatMap(([name, { role }]) =>
    name === promoted
      ? [{ name, role: "active", changes: role !== "active" }]
      : [{ name, role: "passive", changes: role === "active" }],
  );
  const edits = wanted
    .filter(({ changes }) => changes)
    .map(({ name, role }) => {
      const node: unknown = document.getIn(["clusters", name, "role"], true);
      return isScalar(node) && node.range ? { from: node.range[0], to: node.range[1], role } : undefined;
    });
  if (edits.includes(undefined)) {
    return undefined;
  }
  const after = edits
    .filter((edit) => edit !== undefined)
    .sort((one, other) => other.from - one.from)
    .reduce((result, { from, to, role }) => result.slice(0, from) + role + result.slice(to), text);
  return after === text ? "" : unifiedDiff(path, Buffer.from(text), Buffer.from(after));
}
