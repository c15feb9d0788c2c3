export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Metrics of one scrape. */
export class Metrics {
  constructor(readonly samples: readonly Sample[]) {}

  /** Samples of a name with these labels. */
  of(name: string, labels: Readonly<Record<string, string>> = {}): Sample[] {
    const asked = Object.entries(labels);
    return this.samples.filter(
      (sample) => sample.name === name && asked.every(([label, value]) => sample.labels[label] === value),
    );
  }

  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.of(name, labels).reduce((total, { value }) => total + value, 0);
  }

  values(name: string, label: string): string[] {
    return [...new Set(this.of(name).map(({ labels }) => labels[label] ?? ""))].sort();
  }

  /** As Prometheus' histogram_quantile has it, over all series with these labels. */
  quantile(share: number, name: string, labels: Readonly<Record<string, string>>): number {
    const cumulated = new Map<number, number>();
    for (const { labels: own, value } of this.of(`${name}_bucket`, labels)) {
      const bound = own.le === "+Inf" ? Infinity : Number(own.le);
      cumulated.set(bound, (cumulated.get(bound) ?? 0) + value);
    }
    const buckets = [...cumulated].sort(([a], [b]) => a - b);
    const rank = share * (buckets.at(-1)?.[1] ?? 0);
    const at = buckets.findIndex(([, count]) => count >= rank);
    const [upper, count] = buckets[at] ?? [NaN, NaN];
    const [lower, before] = buckets[at - 1] ?? [0, 0];
    return upper === Infinity ? lower : lower + ((upper - lower) * (rank - before)) / (count - before);
  }
}

const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABELS = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;

/**
 * Reads Prometheus' text format as strictly as promtool checks it.
 * @throws Error that names the line
 */
export function parseMetrics(text: string): Metrics {
  if (!text.endsWith("\n")) throw new Error("the last line has no end");
  const types = new Map<string, string>();
  const helps = new Set<string>();
  const ended = new Set<string>();
  const seen = new Set<string>();
  const samples: Sample[] = [];
  let family = "";
  text
    .split("\n")
    .slice(0, -1)
    .forEach((line, index) => {
      const refuse = (why: string) => new Error(`line ${index + 1}: ${why}: ${line}`);
      const enter = (name: string) => {
        if (name === family) return;
        if (ended.has(name)) throw refuse("this family has been before");
        ended.add((family = name));
      };
      const comment = COMMENT.exec(line);
      if (comment !== null) {
        const [, kind, name = "", rest = ""] = comment;
        enter(name);
        if (kind === "HELP" ? helps.has(name) : types.has(name)) throw refuse(`a second ${kind}`);
        if (kind === "HELP") helps.add(name);
        else if (/^(counter|gauge|histogram)$/.test(rest)) types.set(name, rest);
        else throw refuse("no such type");
        return;
      }
      const [, name = "", inner = "", number = ""] = SAMPLE.exec(line) ?? [];
      const base = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, "");
      if (name === "" || !types.has(base)) throw refuse("no sample of a family");
      enter(base);
      if (!helps.has(base)) throw refuse("no HELP");
      if ((types.get(base) === "counter") !== base.endsWith("_total")) throw refuse("_total is for counters");
      if (types.get(base) === "histogram" && base === name) throw refuse("a histogram has no such sample");
      const value = number === "+Inf" ? Infinity : Number(number);
      if (Number.isNaN(value)) throw refuse("no number");
      const labels = labelsOf(inner);
      if (labels === undefined) throw refuse("labels");
      const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
      if (seen.has(key)) throw refuse("twice");
      seen.add(key);
      samples.push({ name, labels, value });
    });
  for (const [name, type] of types) if (type === "histogram") checkHistogram(name, samples);
  return new Metrics(samples);
}

function labelsOf(inner: string): Record<string, string> | undefined {
  const found = [...inner.matchAll(LABELS)];
  if (found.map(([text]) => text).join("") !== inner) return undefined;
  return Object.fromEntries(found.map(([, label = "", value = ""]) => [label, value]));
}

function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, { readonly le: string; readonly value: number }[]>();
  const counts = new Map<string, number>();
  for (const { name: own, labels, value } of samples) {
    const { le = "", ...rest } = labels;
    const key = JSON.stringify(rest);
    if (own === `${name}_bucket`) series.set(key, [...(series.get(key) ?? []), { le, value }]);
    if (own === `${name}_count`) counts.set(key, value);
  }
  for (const [key, buckets] of series) {
    const bounds = buckets.map(({ le }) => (le === "+Inf" ? Infinity : Number(le)));
    const rising = (values: number[]) =>
      values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
    const last = buckets.at(-1);
    if (last?.le !== "+Inf" || last.value !== counts.get(key))
      throw new Error(`${name}${key}: +Inf is not _count`);
    if (!rising(bounds) || !rising(buckets.map(({ value }) => value))) throw new Error(`${name}${key} falls`);
  }
}
