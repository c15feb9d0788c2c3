import {
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type CST,
  type Document,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { OperationFailure } from "../failure";
import { markerOf, type Marker } from "./marker";

/** The lists of a kubeconfig, and the key under which each entry has its own part. */
export const sections = { clusters: "cluster", contexts: "context", users: "user" } as const;
export type Section = keyof typeof sections;
export const sectionNames = Object.keys(sections) as Section[];

/** An entry of a list, where it stands in the text. */
export interface Item {
  readonly node: Node;
  readonly name: string;
  /** What is under `cluster`, `context` or `user`. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Undefined when the entry is somebody else's. */
  readonly marker: Marker | undefined;
}

/** A kubeconfig's text and what it says. */
export interface Kubeconfig {
  readonly text: string;
  readonly document: Document.Parsed;
  /** Undefined when there is nothing but comments. */
  readonly root: YAMLMap | undefined;
  /** The whole of it as plain values. */
  readonly plain: Readonly<Record<string, unknown>>;
  readonly items: Readonly<Record<Section, readonly Item[]>>;
  readonly currentContext: string | undefined;
}

/**
 * Reads a kubeconfig without changing a byte of it.
 *
 * @param path for messages
 * @throws OperationFailure invalid, with line and column, when it is no kubeconfig
 */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  const lines = new LineCounter();
  const invalid = (offset: number, message: string) => {
    const { line, col } = lines.linePos(offset);
    return new OperationFailure(
      "invalid",
      `${path}:${line}:${col}  ${message}`,
      "the file is as it was; put it right, or name another with --kubeconfig",
    );
  };
  const document = guarded(
    () =>
      parseDocument(text, { keepSourceTokens: true, lineCounter: lines, merge: true, prettyErrors: false }),
    (message) => invalid(0, message),
  );
  const [error] = document.errors;
  if (error !== undefined) {
    throw invalid(error.pos[0], `not readable as YAML: ${error.message}`);
  }
  const root = document.contents as Node | null;
  const empty = root === null || (isScalar(root) && root.value === null);
  if (!empty && !isMap(root)) {
    throw invalid(root.range?.[0] ?? 0, "a kubeconfig is a mapping with clusters, contexts and users");
  }
  const map = empty ? undefined : (root as YAMLMap);
  return guarded(
    () => ({
      text,
      document,
      root: map,
      plain: (document.toJS() ?? {}) as Kubeconfig["plain"],
      items: Object.fromEntries(
        sectionNames.map((section) => [section, itemsOf(document, map, section, invalid)]),
      ) as unknown as Kubeconfig["items"],
      currentContext: currentContextOf(map),
    }),
    (message) => invalid(0, message),
  );
}

/** What the parser throws of a text that nests too deep, or whose aliases grow without end. */
function guarded<T>(work: () => T, invalid: (message: string) => OperationFailure): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError || error instanceof ReferenceError) {
      throw invalid(`not readable as YAML: ${error.message}`);
    }
    throw error;
  }
}

/** A key of the root with its value; undefined when it is not there. */
export function pairOf(root: YAMLMap | undefined, key: string): Pair<Node, Node | null> | undefined {
  const found = root?.items.find((pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === key);
  return found as Pair<Node, Node | null> | undefined;
}

/** Nothing, `null` or `~`. */
export const isNothing = (node: Node | null | undefined): boolean =>
  node === null || node === undefined || (isScalar(node) && node.value === null);

function itemsOf(
  document: Document.Parsed,
  root: YAMLMap | undefined,
  section: Section,
  invalid: (offset: number, message: string) => OperationFailure,
): Item[] {
  const list = pairOf(root, section)?.value;
  if (isNothing(list)) {
    return [];
  }
  if (!isSeq(list)) {
    throw invalid(list?.range?.[0] ?? 0, `${section} is no list of its own`);
  }
  return (list as YAMLSeq<Node>).items.flatMap((node) => {
    const entry = (node?.toJS(document) ?? {}) as Readonly<Record<string, unknown>>;
    const value = entry[sections[section]];
    return typeof entry === "object" && entry.name !== undefined
      ? [
          {
            node,
            name: String(entry.name),
            value: (typeof value === "object" && value !== null ? value : {}) as Item["value"],
            marker: markerOf(value),
          },
        ]
      : [];
  });
}

function currentContextOf(root: YAMLMap | undefined): string | undefined {
  const value = pairOf(root, "current-context")?.value;
  return isScalar(value) && typeof value.value === "string" && value.value !== "" ? value.value : undefined;
}

/** The parser's own token of a list. */
export const tokenOf = (list: YAMLSeq): CST.BlockSequence | CST.FlowCollection =>
  list.srcToken as CST.BlockSequence | CST.FlowCollection;
