import { stringify } from "yaml";
import type { RefreshResult } from "../../operations/kubeconfig/refresh";
import { printable, unifiedDiff } from "../../operations/mesh/publish/diff";

/** Keys of a user under which a secret stands. */
const SECRET = /^(client-key-data|token|password|client-certificate-data)$/;

/** For `--json`: what has changed, and no secret of it. */
export function shown({ changes, environments, ...rest }: RefreshResult) {
  return {
    ...rest,
    environments: environments.map(({ environment, active, contexts, failure }) => ({
      environment,
      active,
      contexts,
      failure: failure === null ? null : failure.kind,
    })),
    changes: changes.map(({ section, name, action }) => ({ section, name, action })),
  };
}

/** What has been done, or what a check has found. */
export function told(result: RefreshResult, check: boolean): string {
  const { file, changes, environments, gone, stale, currentContext } = result;
  const lines = changes.map(({ section, name, action }) => `${action.padEnd(7)}  ${section}/${name}`);
  for (const { environment, active } of environments) {
    if (active !== null) lines.push(`${environment} is ${active}`);
  }
  if (gone.length > 0) {
    lines.push(`Of clusters that are gone, and removed with --prune: ${gone.join(", ")}`);
  }
  if (currentContext.after !== currentContext.before) {
    lines.push(`The current context ${check ? "would be" : "is"} ${currentContext.after ?? "none"}`);
  }
  lines.push(
    stale
      ? `${file} is ${check ? "not up to date" : "up to date now"}`
      : `nothing to do: ${file} is up to date`,
  );
  return printable(lines.join("\n"));
}

/** Our entries alone, each as a difference: around them may stand what is nobody's business. */
export function diffOf({ changes, file, currentContext }: RefreshResult): string {
  const text = (name: string, value: unknown) =>
    value === null
      ? undefined
      : Buffer.from(stringify({ name, ...(masked(value) as object) }, { lineWidth: 0 }));
  const diffs = changes.map(({ section, name, before, after }) =>
    unifiedDiff(`${section}/${name}`, text(name, before), text(name, after)),
  );
  const current = (name: string | undefined) =>
    name === undefined ? undefined : Buffer.from(`current-context: ${name}\n`);
  if (currentContext.before !== currentContext.after) {
    diffs.push(unifiedDiff("current-context", current(currentContext.before), current(currentContext.after)));
  }
  const end = diffs.length === 0 ? `nothing to do: ${file} is up to date` : `Nothing is written to ${file}.`;
  return printable([...diffs, end].join("\n"));
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(masked);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, SECRET.test(key) ? "(not shown)" : masked(inner)]),
  );
}
