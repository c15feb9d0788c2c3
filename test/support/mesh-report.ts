import type { Outcome } from "./mesh-load";

const SHOWN = 12;

/** What failed and why, and who answered in each second: for an error's text. */
export function tableOf(outcomes: readonly Outcome[], wrong: readonly Outcome[]): string {
  const began = Math.min(...outcomes.map(({ started }) => started));
  const at = (time: number) => `${((time - began) / 1000).toFixed(2)} s`;
  const reasons = counted(wrong.map((one) => `${one.method} ${one.phase ?? "answered"}: ${one.failure}`));
  const examples = wrong
    .slice(0, SHOWN)
    .map(
      (one) =>
        `  ${at(one.started)} to ${at(one.ended)} ${one.id} ${one.method}, request ${one.nth} of its connection: ${one.failure}`,
    );
  const seconds = new Map<number, Outcome[]>();
  for (const outcome of outcomes) {
    const second = Math.floor((outcome.ended - began) / 1000);
    const some = seconds.get(second);
    if (some === undefined) seconds.set(second, [outcome]);
    else some.push(outcome);
  }
  const timeline = [...seconds].map(([second, some]) => `  ${second} s: ${lineOf(some, new Set(wrong))}`);
  return [...reasons.map(([reason, count]) => `  ${count} × ${reason}`), ...examples, ...timeline].join("\n");
}

function lineOf(some: readonly Outcome[], wrong: ReadonlySet<Outcome>): string {
  const failed = some.filter((one) => wrong.has(one)).length;
  const answered = counted(some.map(({ caller, answeredBy }) => `${caller} < ${answeredBy || "nothing"}`));
  return `${answered.map(([who, count]) => `${who}: ${count}`).join(", ")}${failed > 0 ? `; ${failed} FAILED` : ""}`;
}

function counted(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
