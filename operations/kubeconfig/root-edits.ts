import { isScalar, type Node } from "yaml";
import { pairOf, sectionNames, type Kubeconfig, type Section } from "./document";
import { endOf, lastLineEnd, type ListChange } from "./list-edits";
import { block, flow, scalar } from "./render";
import { indentAt, lineBreakOf, type Edit } from "./splice";

/** Keys that a kubeconfig without any begins with. */
const HEAD = { apiVersion: "v1", kind: "Config" };

/** Edits that set the current context, and that make lists which are not there. */
export function rootEdits(
  config: Kubeconfig,
  lists: Readonly<Record<Section, ListChange>>,
  currentContext: string | undefined,
): Edit[] {
  const { root } = config;
  const current = currentContext === undefined ? undefined : pairOf(root, "current-context");
  const edits: Edit[] = [];
  const fresh: Record<string, unknown> = { ...(root === undefined ? HEAD : {}) };
  for (const section of sectionNames) {
    const { added } = lists[section];
    if (added.length > 0 && pairOf(root, section) === undefined) {
      fresh[section] = added;
    }
  }
  if (currentContext !== undefined && current === undefined) {
    fresh["current-context"] = currentContext;
  } else if (currentContext !== undefined && isScalar(current?.value) && current.value.range) {
    const [from, to] = current.value.range;
    const text = scalar(currentContext, root?.flow === true);
    edits.push({ from, to, text: from === to ? ` ${text}` : text });
  }
  const keys = Object.entries(fresh);
  return keys.length === 0 ? edits : [...edits, ...appended(config, keys)];
}

function appended({ text, root }: Kubeconfig, keys: readonly (readonly [string, unknown])[]): Edit[] {
  const lineBreak = lineBreakOf(text);
  if (root === undefined) {
    const lines = block(Object.fromEntries(keys), "", lineBreak) + lineBreak;
    const gap = text === "" || text.endsWith("\n") || text === "\ufeff" ? "" : lineBreak;
    return [{ from: text.length, to: text.length, text: gap + lines }];
  }
  const last = root.items.at(-1);
  const lastNode = (last?.value ?? last?.key) as Node | undefined;
  if (root.flow === true) {
    const at = lastNode === undefined ? (root.range?.[0] ?? 0) + 1 : endOf(lastNode);
    const body = keys.map(([key, value]) => `${flow(key)}: ${flow(value)}`).join(", ");
    return [{ from: at, to: at, text: (lastNode === undefined ? "" : ", ") + body }];
  }
  const indent = indentAt(text, root.range?.[0] ?? 0);
  const at = lastLineEnd(text, endOf(root));
  const lines = block(Object.fromEntries(keys), indent, lineBreak);
  return [{ from: at, to: at, text: lineBreak + indent + lines }];
}
