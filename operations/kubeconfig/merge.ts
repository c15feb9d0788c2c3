import { OperationFailure } from "../failure";
import {
  parseKubeconfig,
  sectionNames,
  sections,
  type Item,
  type Kubeconfig,
  type Section,
} from "./document";
import { listEdits, Uneditable, type ListChange } from "./list-edits";
import { extensionsOf, type Marker } from "./marker";
import { canonical } from "./render";
import { rootEdits } from "./root-edits";
import { splice } from "./splice";

/** An entry that Skyline wants in a list. */
export interface WantedEntry {
  readonly section: Section;
  readonly name: string;
  /** What is under `cluster`, `context` or `user`, without its mark. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly marker: Marker;
}

export interface Wanted {
  readonly entries: readonly WantedEntry[];
  /** Whether an entry of ours that is not wanted goes. Only those that a refresh is about are asked for. */
  readonly goes: (marker: Marker) => boolean;
  /** Undefined: it stays, unless it is one of ours that goes. */
  readonly currentContext?: string;
  /** Where the current context is set to when it was one that goes. */
  readonly fallback: (marker: Marker) => string;
}

export interface EntryChange {
  readonly section: Section;
  readonly name: string;
  readonly action: "added" | "changed" | "removed";
  readonly before: unknown;
  readonly after: unknown;
}

export interface Merged {
  readonly text: string;
  readonly changes: readonly EntryChange[];
  readonly currentContext: { readonly before: string | undefined; readonly after: string | undefined };
  /** All that the text has then. */
  readonly contexts: readonly Item[];
}

/** What a person may set on an entry of ours, and keeps. */
const THEIRS: Readonly<Record<Section, readonly string[]>> = {
  clusters: ["proxy-url"],
  contexts: ["namespace"],
  users: [],
};

/**
 * The text with our entries as they are wanted. What is not ours stays byte for byte; a text in which all is as wanted
 * stays as a whole.
 *
 * @param path for messages
 * @throws OperationFailure invalid, when it is no kubeconfig; refused, when a name is somebody else's, or when the layout
 *   does not let our entries be changed alone
 */
export function merge(text: string, wanted: Wanted, path: string): Merged {
  const config = parseKubeconfig(text, path);
  refuseTaken(config, wanted.entries, path);
  const changes: EntryChange[] = [];
  const lists = Object.fromEntries(
    sectionNames.map((section) => [section, listChange(config, section, wanted, changes)]),
  ) as unknown as Record<Section, ListChange>;
  const current = currentContext(config, wanted, changes);
  const result = edited(path, () =>
    splice(text, [
      ...sectionNames.flatMap((section) => listEdits(config, section, lists[section])),
      ...rootEdits(config, lists, current === config.currentContext ? undefined : current),
    ]),
  );
  const after = result === text ? config : verify(config, result, wanted, current, path);
  return {
    text: result,
    changes,
    currentContext: { before: config.currentContext, after: current },
    contexts: after.items.contexts,
  };
}

function refuseTaken(config: Kubeconfig, entries: readonly WantedEntry[], path: string): void {
  const taken = entries.filter(({ section, name }) =>
    config.items[section].some((item) => item.name === name && item.marker === undefined),
  );
  if (taken.length > 0) {
    const names = taken.map(({ section, name }) => `${sections[section]} ${name}`).join(", ");
    throw new OperationFailure(
      "refused",
      `${path} has entries of these names that Skyline has not made: ${names}`,
      "rename or delete them, as with kubectl config rename-context, or name another file with --kubeconfig",
    );
  }
}

function listChange(
  { items }: Kubeconfig,
  section: Section,
  { entries, goes }: Wanted,
  changes: EntryChange[],
): ListChange {
  const key = sections[section];
  const replaced = new Map<Item, unknown>();
  const removed: Item[] = [];
  const seen = new Set<string>();
  for (const item of items[section]) {
    const { name, marker, value } = item;
    if (marker === undefined) {
      continue;
    }
    const entry = entries.find((each) => each.section === section && each.name === name);
    const twice = seen.has(name);
    seen.add(name);
    if (entry !== undefined && !twice) {
      const after = { ...full(entry), ...theirs(section, value) };
      if (canonical(value) !== canonical(after)) {
        replaced.set(item, { name, [key]: after });
        changes.push({ section, name, action: "changed", before: value, after });
      }
    } else if (twice || goes(marker)) {
      removed.push(item);
      changes.push({ section, name, action: "removed", before: value, after: null });
    }
  }
  const added = entries
    .filter((entry) => entry.section === section && !seen.has(entry.name))
    .map((entry) => {
      changes.push({ section, name: entry.name, action: "added", before: null, after: full(entry) });
      return { name: entry.name, [key]: full(entry) };
    });
  return { replaced, removed, added };
}

const full = ({ value, marker }: WantedEntry) => ({ ...value, extensions: extensionsOf(marker) });

const theirs = (section: Section, value: Item["value"]) =>
  Object.fromEntries(
    THEIRS[section].filter((key) => value[key] !== undefined).map((key) => [key, value[key]]),
  );

function currentContext(config: Kubeconfig, wanted: Wanted, changes: readonly EntryChange[]) {
  if (wanted.currentContext !== undefined) {
    return wanted.currentContext;
  }
  const gone = changes.some(
    ({ section, name, action }) =>
      section === "contexts" && action === "removed" && name === config.currentContext,
  );
  const item = config.items.contexts.find(({ name }) => name === config.currentContext);
  const stays = wanted.entries.some(({ section, name }) => section === "contexts" && name === item?.name);
  return gone && !stays && item?.marker !== undefined ? wanted.fallback(item.marker) : config.currentContext;
}

function edited(path: string, work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof Uneditable) {
      throw uneditable(path, error.message);
    }
    throw error;
  }
}

const uneditable = (path: string, why: string) =>
  new OperationFailure(
    "refused",
    `${path} cannot be changed without touching what Skyline has not made: ${why}`,
    "name another file with --kubeconfig, and join them by KUBECONFIG",
  );

/** Reads what was made: a layout that nobody has thought of costs a refusal, and not a person's file. */
function verify(
  before: Kubeconfig,
  text: string,
  wanted: Wanted,
  current: string | undefined,
  path: string,
): Kubeconfig {
  const after = reread(text, path);
  const unmanaged = (config: Kubeconfig) => {
    const { "current-context": _, ...rest } = config.plain;
    const others = Object.fromEntries(
      sectionNames.map((section) => [
        section,
        config.items[section]
          .filter(({ marker }) => marker === undefined)
          .map(({ node }) => node.toJS(config.document) as unknown),
      ]),
    );
    return { ...rest, apiVersion: undefined, kind: undefined, ...others };
  };
  const missing = wanted.entries.find(({ section, name, value }) => {
    const found = after.items[section].filter((item) => item.name === name);
    return (
      found.length !== 1 ||
      Object.entries(value).some(([key, part]) => canonical(found[0]?.value[key]) !== canonical(part))
    );
  });
  if (JSON.stringify(unmanaged(before)) !== JSON.stringify(unmanaged(after))) {
    throw uneditable(path, "other entries would change");
  }
  if (missing !== undefined || after.currentContext !== current) {
    throw uneditable(path, `${missing?.name ?? "current-context"} would not be what it should be`);
  }
  return after;
}

function reread(text: string, path: string): Kubeconfig {
  try {
    return parseKubeconfig(text, path);
  } catch (error) {
    throw uneditable(path, error instanceof Error ? error.message : String(error));
  }
}
