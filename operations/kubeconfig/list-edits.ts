import { isCollection, isMap, isPair, isScalar, isSeq, type Node, type YAMLSeq } from "yaml";
import { isNothing, pairOf, tokenOf, type Item, type Kubeconfig, type Section } from "./document";
import { block, flow } from "./render";
import { indentAt, lineBreakOf, lineEnd, lineStart, nextLine, type Edit } from "./splice";

/** What is to become of the entries of a list; all others stay. */
export interface ListChange {
  readonly replaced: ReadonlyMap<Item, unknown>;
  readonly removed: readonly Item[];
  readonly added: readonly unknown[];
}

/** The text is laid out in a way that nothing of it can be changed alone. */
export class Uneditable extends Error {}

/** Edits of a list's text. A list that is missing is not made here: see `root-edits.ts`. */
export function listEdits(config: Kubeconfig, section: Section, change: ListChange): Edit[] {
  const pair = pairOf(config.root, section);
  const list = pair?.value;
  if (pair === undefined || isNothing(list)) {
    return change.added.length === 0 || pair === undefined
      ? []
      : filled(config, pair.key, list, change.added);
  }
  const entries = list as YAMLSeq<Node>;
  const spread = paired(change);
  return tokenOf(entries).type === "block-seq"
    ? blockEdits(config.text, entries, spread)
    : entries.items.length === 0 && config.root?.flow !== true
      ? filled(config, pair.key, entries, change.added)
      : flowEdits(config.text, entries, spread);
}

/** What stands in the place of an entry afterwards, none or several; and what comes behind all of them. */
interface Spread {
  readonly places: ReadonlyMap<Node, readonly unknown[]>;
  readonly appended: readonly unknown[];
}

/** New entries take the places of removed ones, so that nothing is added where something goes. */
function paired({ replaced, removed, added }: ListChange): Spread {
  const places = new Map<Node, readonly unknown[]>();
  replaced.forEach((value, { node }) => places.set(node, [value]));
  removed.forEach(({ node }, index) => {
    const last = index === removed.length - 1;
    places.set(node, last ? added.slice(index) : added.slice(index, index + 1));
  });
  return { places, appended: removed.length === 0 ? added : [] };
}

function blockEdits(text: string, list: YAMLSeq<Node>, { places, appended }: Spread): Edit[] {
  const token = tokenOf(list);
  const lineBreak = lineBreakOf(text);
  const dashOf = (index: number) => {
    const dash = token.items[index]?.start.find(({ type }) => type === "seq-item-ind");
    if (dash === undefined) {
      throw new Uneditable("an entry has no dash");
    }
    return dash.offset;
  };
  const indent = indentAt(text, dashOf(0));
  const rendered = (values: readonly unknown[]) =>
    values.map((value) => block([value], indent, lineBreak)).join(lineBreak + indent);
  const edits: Edit[] = [];
  list.items.forEach((node, index) => {
    const values = places.get(node);
    if (values === undefined) {
      return;
    }
    const from = dashOf(index);
    const to = lastLineEnd(text, endOf(node));
    if (values.length > 0) {
      edits.push({ from, to, text: rendered(values) });
      return;
    }
    const start = lineStart(text, from);
    if (text.slice(start, from).trim() !== "") {
      throw new Uneditable("an entry begins behind something else on its line");
    }
    edits.push({ from: start, to: nextLine(text, to), text: "" });
  });
  const last = list.items.at(-1);
  if (appended.length > 0 && last !== undefined) {
    const at = lastLineEnd(text, endOf(last));
    edits.push({ from: at, to: at, text: lineBreak + indent + rendered(appended) });
  }
  return edits;
}

function flowEdits(text: string, list: YAMLSeq<Node>, { places, appended }: Spread): Edit[] {
  const token = tokenOf(list);
  const rendered = (values: readonly unknown[]) => values.map(flow).join(", ");
  const edits: Edit[] = [];
  let kept = 0;
  token.items.forEach(({ start }, index) => {
    const node = list.items[index];
    const values = node === undefined ? undefined : places.get(node);
    const goes = values?.length === 0;
    const comma = start.find(({ type }) => type === "comma");
    if (comma !== undefined && (goes || kept === 0)) {
      // With the blanks behind it, unless somebody has written something there.
      const end = node?.range?.[0] ?? comma.offset + 1;
      const blank = text.slice(comma.offset + 1, end).trim() === "";
      edits.push({ from: comma.offset, to: blank ? end : comma.offset + 1, text: "" });
    }
    if (node?.range && values !== undefined) {
      edits.push({ from: node.range[0], to: endOf(node), text: rendered(values) });
    }
    kept += goes || node === undefined ? 0 : 1;
  });
  if (appended.length > 0) {
    const last = list.items.at(-1);
    const at = last === undefined ? (list.range?.[0] ?? 0) + 1 : endOf(last);
    edits.push({ from: at, to: at, text: (last === undefined ? "" : ", ") + rendered(appended) });
  }
  return edits;
}

/** A list that is written as nothing or as `[]` gets its first entries. */
function filled(
  config: Kubeconfig,
  key: Node,
  list: Node | null | undefined,
  added: readonly unknown[],
): Edit[] {
  const { text, root } = config;
  if (added.length === 0) {
    return [];
  }
  const [from, to] = list?.range ?? [endOf(key), endOf(key)];
  if (root?.flow === true) {
    return [{ from, to, text: `${from === to ? " " : ""}[${added.map(flow).join(", ")}]` }];
  }
  const lineBreak = lineBreakOf(text);
  const indent = indentAt(text, key.range?.[0] ?? 0);
  const entries = added.map((value) => lineBreak + indent + block([value], indent, lineBreak)).join("");
  // Behind the colon, and what is written as nothing goes; a comment behind it stays on its line.
  const colon = text.indexOf(":", endOf(key)) + 1;
  const at = lineEnd(text, Math.max(to, colon));
  const nothing = from === to ? [] : [{ from: Math.max(colon, blanksBefore(text, from)), to, text: "" }];
  return [...nothing, { from: at, to: at, text: entries }];
}

function blanksBefore(text: string, offset: number): number {
  let start = offset;
  while (text[start - 1] === " ") start--;
  return start;
}

/** End of a node's own text: neither a comment behind it nor a line break is in it, but for a block of text. */
export function endOf(node: Node): number {
  if (isCollection(node) && node.flow !== true) {
    const last: unknown = node.items.at(-1);
    const ends = isPair(last)
      ? [last.value, last.key].filter((part): part is Node => isNode(part)).map(endOf)
      : isNode(last)
        ? [endOf(last)]
        : [];
    return Math.max(node.range?.[0] ?? 0, ...ends);
  }
  return node.range?.[1] ?? 0;
}

const isNode = (value: unknown): value is Node =>
  isMap(value) ||
  isSeq(value) ||
  isScalar(value) ||
  (value as { range?: unknown } | null)?.range !== undefined;

/** A block of text ends with its line break, anything else somewhere in its last line. */
export const lastLineEnd = (text: string, end: number): number =>
  text[end - 1] === "\n" ? lineEnd(text, lineStart(text, end - 1)) : lineEnd(text, end);
