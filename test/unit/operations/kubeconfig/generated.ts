import fc from "fast-check";

/**
 * Kubeconfigs as people and programs leave them: lists in blocks or in brackets, indented or not, with comments, anchors,
 * aliases, keys that nobody knows, literal blocks, other line breaks, and no line break in the end.
 */
export interface Generated {
  readonly text: string;
  /** Whether each list has entries, so that adding ours and taking them out again leaves the text as it was. */
  readonly whole: boolean;
}

const word = fc.constantFrom("work", "minikube", "gke_project_zone", "arn:aws:eks:x", "überall", "no", "a b");
const comment = fc.constantFrom(
  "",
  "",
  "# by hand",
  "#",
  "# - name: looks-like-an-entry",
  "# ключ: значение 🔑",
);

const entry = (kind: string) =>
  fc
    .record({
      word,
      id: fc.nat(9999),
      tail: comment,
      extra: fc.constantFrom("plain", "literal", "kept", "flow", "anchor", "extensions", "quoted", "long"),
    })
    .map(({ word: base, id, tail, extra }) => {
      const name = JSON.stringify(`${base}-${kind}-${id}`);
      const head = [`name: ${name}${tail === "" ? "" : ` ${tail}`}`];
      const bodies: Record<string, string[]> = {
        plain: [`${kind}:`, `  server: https://${id}.example.com`],
        literal: [`${kind}:`, "  note: |", "    first", "", "    - name: not an entry", "  last: 1"],
        kept: [`${kind}:`, "  note: |+", "    text", ""],
        flow: [`${kind}: {server: "https://x", "odd key": [1, 2, {a: b}]} ${tail}`.trimEnd()],
        anchor: [`${kind}: &a${id}`, "  token: hunter2", `  same: "*not-an-alias"`],
        extensions: [
          `${kind}:`,
          "  extensions:",
          "  - name: minikube",
          "    extension: {provider: minikube}",
        ],
        quoted: [`${kind}: {}`, `"unknown key": 'single ''quoted'' text'`],
        long: [`${kind}:`, "  description: >-", "    folded", "    text", `  ca: ${"QUJD".repeat(40)}`],
      };
      return [...head, ...(bodies[extra] ?? [])];
    });

const blockList = (key: string, kind: string) =>
  fc
    .record({
      entries: fc.array(entry(kind), { minLength: 1, maxLength: 4 }),
      indent: fc.constantFrom("", "  ", "    "),
      between: fc.array(comment, { minLength: 4, maxLength: 4 }),
      blank: fc.boolean(),
    })
    .map(({ entries, indent, between, blank }) => ({
      whole: true,
      lines: [
        `${key}:`,
        ...entries.flatMap((lines, index) => [
          ...(between[index] === "" ? [] : [`${indent}${between[index]}`]),
          ...lines.map((line, at) => (line === "" ? "" : `${indent}${at === 0 ? "- " : "  "}${line}`)),
          ...(blank && !lines.includes("  note: |+") ? [""] : []),
        ]),
      ],
    }));

const flowList = (key: string, kind: string) =>
  fc
    .record({ ids: fc.array(fc.nat(999), { minLength: 1, maxLength: 3 }), wide: fc.boolean() })
    .map(({ ids, wide }) => {
      const items = ids.map((id, index) => `{name: ${kind}-${id}-${index}, ${kind}: {"x": ${id}}}`);
      return {
        whole: true,
        lines: wide
          ? [
              `${key}: [`,
              ...items.map((item, index) => `  ${item}${index < items.length - 1 ? "," : ""} # ${index}`),
              "  ]",
            ]
          : [`${key}: [${items.join(", ")}] # short`],
      };
    });

const emptyList = (key: string) =>
  fc
    .constantFrom(
      [`${key}: []`],
      [`${key}: null # none yet`],
      [`${key}:`],
      [`${key}: # none`],
      [`${key}: ~`],
      [],
    )
    .map((lines) => ({ whole: false, lines }));

const list = (key: string, kind: string) =>
  fc.oneof(
    { weight: 6, arbitrary: blockList(key, kind) },
    { weight: 2, arbitrary: flowList(key, kind) },
    { weight: 2, arbitrary: emptyList(key) },
  );

const others = fc.subarray([
  ["apiVersion: v1"],
  ["kind: Config"],
  ["preferences: {}"],
  ["current-context: work"],
  ["x-shared: &shared", "  proxy: http://proxy", "x-again: *shared"],
  ["x-merged: {<<: {a: 1}, b: 2}"],
  ["# a comment of its own"],
]);

export const kubeconfig: fc.Arbitrary<Generated> = fc
  .record({
    lists: fc.tuple(list("clusters", "cluster"), list("contexts", "context"), list("users", "user")),
    others,
    order: fc.infiniteStream(fc.nat(1000)),
    start: fc.constantFrom("", "", "---\n", "# first\n\n", "\ufeff"),
    crlf: fc.boolean(),
    end: fc.constantFrom("\n", "\n", "\n\n# the end\n", ""),
  })
  .map(({ lists, others: rest, order, start, crlf, end }) => {
    const parts = [...lists.map(({ lines }) => lines), ...rest].filter((lines) => lines.length > 0);
    const shuffled = parts
      .map((lines) => ({ lines, at: order.next().value as number }))
      .sort((one, other) => one.at - other.at)
      .flatMap(({ lines }) => lines);
    const text = start + shuffled.join("\n") + end;
    return { text: crlf ? text.replace(/\n/g, "\r\n") : text, whole: lists.every(({ whole }) => whole) };
  });

/** The same as JSON, which is YAML as well. */
export const jsonKubeconfig: fc.Arbitrary<Generated> = fc
  .record({
    names: fc.uniqueArray(fc.nat(999), { minLength: 1, maxLength: 4 }),
    indent: fc.constantFrom(undefined, 2, 4),
  })
  .map(({ names, indent }) => ({
    text: JSON.stringify(
      {
        apiVersion: "v1",
        clusters: names.map((name) => ({ name: `c${name}`, cluster: { server: "https://x" } })),
        contexts: names.map((name) => ({ name: `c${name}`, context: { cluster: `c${name}`, user: "u" } })),
        users: [{ name: "u", user: { token: "hunter2" } }],
      },
      undefined,
      indent,
    ),
    whole: true,
  }));
