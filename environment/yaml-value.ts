import { isAlias, isMap, isScalar, isSeq, type Document, type YAMLMap, type YAMLSeq } from "yaml";
import type { Path, Problem } from "./problem";
import { YamlSyntaxError } from "./yaml-document";

/** Values of a document with its aliases and merges written out; an environment has a few hundred. */
const MAXIMUM_VALUES = 10_000;

/** A value of a document and where it stands, as offsets in the text. */
export interface PlacedValue {
  readonly value: unknown;
  readonly offset: number;
  /** Of the value's key; of the value itself in a list and at the root. */
  readonly keyOffset: number;
  /** By key, or by index as text. */
  readonly children: ReadonlyMap<string, PlacedValue>;
  /** How many values it is, with aliases and merges written out. */
  readonly count: number;
}

/**
 * The value of a document: aliases resolved, merges (`<<: *base`) done. Of a key that is there twice the first counts,
 * and `duplicates` has the others.
 *
 * @throws YamlSyntaxError for an alias or merge of nothing, of what surrounds it, or of far too much
 */
export function readValue(document: Document.Parsed): {
  root: PlacedValue;
  duplicates: readonly Duplicate[];
} {
  const reader = new Reader();
  return { root: reader.read(document.contents, []), duplicates: reader.duplicates };
}

/** A key that its mapping has already. */
export interface Duplicate {
  readonly path: Path;
  readonly offset: number;
  readonly firstOffset: number;
}

/** Where a problem is. A missing value is at the key of what lacks it. */
export function offsetOf(root: PlacedValue, { path, atKey }: Problem): number {
  let place = root;
  for (const step of path) {
    const child = place.children.get(String(step));
    if (child === undefined) {
      return place.keyOffset;
    }
    place = child;
  }
  return atKey === true ? place.keyOffset : place.offset;
}

class Reader {
  readonly duplicates: Duplicate[] = [];
  /** What each anchor stands for; "open" while it is being read. */
  private readonly anchors = new Map<string, PlacedValue | "open">();

  read(node: unknown, path: Path): PlacedValue {
    if (isAlias(node)) {
      return this.alias(node.source, node.range?.[0] ?? 0);
    }
    const anchor = isMap(node) || isSeq(node) || isScalar(node) ? node.anchor : undefined;
    if (anchor !== undefined) {
      this.anchors.set(anchor, "open");
    }
    const place = isMap(node)
      ? this.mapping(node, path)
      : isSeq(node)
        ? this.list(node, path)
        : collect(isScalar(node) ? node.value : null, offsetOfNode(node));
    if (anchor !== undefined) {
      this.anchors.set(anchor, place);
    }
    return place;
  }

  private alias(name: string, offset: number): PlacedValue {
    const target = this.anchors.get(name);
    if (target === undefined) {
      throw new YamlSyntaxError(offset, `*${name} stands for nothing; no &${name} comes before it`);
    }
    if (target === "open") {
      throw new YamlSyntaxError(offset, `*${name} is inside what it stands for`);
    }
    return { ...target, offset, keyOffset: offset };
  }

  private list(node: YAMLSeq, path: Path): PlacedValue {
    const items = node.items.map((item, i) => this.read(item, [...path, i]));
    return collect(
      items.map(({ value }) => value),
      offsetOfNode(node),
      new Map(items.map((item, i) => [String(i), item])),
    );
  }

  private mapping(node: YAMLMap, path: Path): PlacedValue {
    const children = new Map<string, PlacedValue>();
    const merged: PlacedValue[] = [];
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value ?? "") : "";
      const keyOffset = offsetOfNode(key);
      const child = value === null ? collect(null, keyOffset) : this.read(value, [...path, name]);
      const first = children.get(name);
      if (name === "<<" && isScalar(key) && key.type === "PLAIN") {
        merged.push(...sources(child));
      } else if (first !== undefined) {
        this.duplicates.push({ path: [...path, name], offset: keyOffset, firstOffset: first.keyOffset });
      } else {
        children.set(name, { ...child, keyOffset });
      }
    }
    // A mapping's own keys win over merged ones, and an earlier source over a later one.
    for (const [name, child] of merged.flatMap((source) => [...source.children])) {
      if (!children.has(name)) {
        children.set(name, child);
      }
    }
    const value = Object.fromEntries([...children].map(([name, child]) => [name, child.value]));
    return collect(value, offsetOfNode(node), children);
  }
}

const isMapping = ({ value }: PlacedValue) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What a `<<` merges: a mapping, or each of a list of mappings. */
function sources(place: PlacedValue): PlacedValue[] {
  const all = Array.isArray(place.value) ? [...place.children.values()] : [place];
  const wrong = all.find((source) => !isMapping(source));
  if (wrong !== undefined) {
    throw new YamlSyntaxError(wrong.offset, "<< merges mappings alone; write it like <<: *base");
  }
  return all;
}

function collect(value: unknown, offset: number, children = new Map<string, PlacedValue>()): PlacedValue {
  const count = [...children.values()].reduce((sum, child) => sum + child.count, 1);
  if (count > MAXIMUM_VALUES) {
    throw new YamlSyntaxError(offset, `more than ${MAXIMUM_VALUES} values once its aliases are written out`);
  }
  return { value, offset, keyOffset: offset, children, count };
}

const offsetOfNode = (node: unknown): number =>
  (node as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0;
