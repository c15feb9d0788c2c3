import { registry, stackNames, type RegistryEntry } from "../../environment/naming";
import type { ClusterSpec, Environment } from "../../environment/schema";
import type { Weights } from "../dial/weights";
import { weightOf } from "../dial/weights";
import { skippedStep, stageOf, type Stage } from "../life";
import type { Finding } from "./model";
import type { StateSummary } from "./states/state";

/** What there is of an environment's clusters; null is what could not be read. */
export interface ClusterFacts {
  readonly environment: Environment;
  /** States by name, `development-network`, those of other people among them; null is one that could not be read. */
  readonly states: ReadonlyMap<string, StateSummary | null> | null;
  /** Where a state is, for people. */
  readonly whereOf: (state: string) => string;
  readonly entries: readonly RegistryEntry[] | null;
  readonly weights: Weights | null;
}

export interface ClusterJudgement {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Clusters whose state does not say their role. */
  readonly withoutRole: readonly string[];
}

/** Holds the clusters of file, states, registry and dial beside each other. */
export function judgeClusters(facts: ClusterFacts): ClusterJudgement {
  const judged = namesIn(facts).map((name) => new ClusterJudge(facts, name).judge());
  return {
    findings: [...judged.flatMap(({ findings }) => findings), ...unexplainedStates(facts)],
    notes: judged.flatMap(({ notes }) => notes),
    withoutRole: judged.flatMap(({ withoutRole }) => withoutRole),
  };
}

/** Clusters of the file in its order, then all others of which anything speaks. */
function namesIn({ environment, states, entries, weights }: ClusterFacts): string[] {
  const stacks = [...(states?.keys() ?? [])].flatMap((state) => clusterIn(environment, state) ?? []);
  const others = [
    ...stacks,
    ...(entries ?? []).map(({ name }) => name),
    ...Object.entries(weights ?? {}).flatMap(([name, weight]) => (weight > 0 ? [name] : [])),
  ].sort();
  return [...new Set([...Object.keys(environment.clusters), ...others])];
}

/** Name of the cluster whose state it is. */
function clusterIn({ environment }: Environment, state: string): string | undefined {
  const prefixes = [stackNames.cluster(environment, ""), stackNames.platform(environment, "")];
  const prefix = prefixes.find((one) => state.startsWith(one) && state.length > one.length);
  return prefix === undefined ? undefined : state.slice(prefix.length);
}

class ClusterJudge {
  private readonly findings: Finding[] = [];
  private readonly environment: string;
  private readonly spec: ClusterSpec | undefined;

  constructor(
    private readonly facts: ClusterFacts,
    private readonly name: string,
  ) {
    const { environment } = facts;
    this.environment = environment.environment;
    this.spec = Object.hasOwn(environment.clusters, name) ? environment.clusters[name] : undefined;
  }

  judge(): ClusterJudgement {
    const isRemoved = stageOf(this.spec?.role) === "none";
    const stage = this.stage();
    const skipped = stage === null ? undefined : skippedStep(stage, stageOf(this.spec?.role), this.isFirst());
    if (isRemoved) this.judgeRest(stage, skipped);
    else if (stage !== null) this.judgeStep(stage, skipped);
    this.judgeEntry(isRemoved);
    this.judgeWeight(isRemoved);
    const isGone = this.spec?.role === "removed" && this.resources() === 0;
    return {
      findings: this.findings,
      notes: isGone ? [`Nothing is left of ${this.name}: its entry in the file can go`] : [],
      withoutRole: stage === null && this.resourcesOf("cluster") !== null ? [this.name] : [],
    };
  }

  /** How far its life has come; null when that is unknown. */
  private stage(): Stage | null {
    const count = this.resourcesOf("cluster");
    return count === 0 ? "none" : count === null ? null : (this.stateOf("cluster")?.role ?? null);
  }

  private judgeStep(stage: Stage, skipped: Stage | undefined): void {
    const { name } = this;
    const role = this.spec?.role ?? "removed";
    if (skipped !== undefined) {
      this.skips(stage, skipped, role);
    } else if (stage !== role && stage !== "none") {
      const text = `${name} is ${role} in the file, and was applied as ${stage}`;
      this.add("role-not-applied", name, text, `apply ${this.stackOf("cluster")}`);
    }
  }

  /** What is left of a cluster that is removed, or that the file does not have any more. */
  private judgeRest(stage: Stage | null, skipped: Stage | undefined): void {
    const { name } = this;
    const stacks = [this.stackOf("platform"), this.stackOf("cluster")];
    const full = stacks.filter((stack) => (this.facts.states?.get(stack)?.resources ?? 0) > 0);
    if (full.length === 0) {
      return;
    }
    const count = full.reduce((sum, stack) => sum + (this.facts.states?.get(stack)?.resources ?? 0), 0);
    const held = `${full.join(" and ")} still ${full.length === 1 ? "holds" : "hold"} ${count} resources`;
    if (this.spec === undefined) {
      const rest = skipped === undefined ? ", and then delete it there" : ", and go on from there";
      const fix =
        stage === null
          ? "put it back into the file with the role that it has; find out first which"
          : `put it back into the file with role: ${skipped ?? "removed"}, apply ${full.join(", then ")}${rest}`;
      this.add("cluster-not-in-file", name, `The file does not have ${name}, and ${held}`, this.drained(fix));
    } else if (stage !== null && skipped !== undefined) {
      this.skips(stage, skipped, "removed");
    } else {
      const text = `${name} is removed in the file, and ${held}`;
      const fix =
        stage === null
          ? "give it the role that it has in the file; find out first which"
          : `apply ${full.join(", then ")}`;
      this.add("removal-not-applied", name, text, this.drained(fix));
    }
  }

  /** What to do with a cluster that goes, after its traffic has gone. */
  private drained(fix: string): string {
    return this.weight() > 0 ? `first take its traffic away: ${this.drainCommand()}; then ${fix}` : fix;
  }

  private skips(from: Stage, skipped: Stage, to: string): void {
    const begin = from === "none" ? "does not stand" : `was applied as ${from}`;
    const text = `${this.name} ${begin}, and is ${to} in the file: it would skip being ${skipped}`;
    const fix = `give it role: ${skipped} in the file, and apply that first`;
    this.add("step-skipped", this.name, text, to === "removed" ? this.drained(fix) : fix);
  }

  private judgeEntry(isRemoved: boolean): void {
    const { entries } = this.facts;
    if (entries === null) {
      return;
    }
    const entry = entries.find(({ name }) => name === this.name);
    const parameter = registry.cluster(this.environment, this.name);
    // What its state still holds has been told, and the entry is among it.
    if (entry !== undefined && isRemoved && !((this.resources() ?? 0) > 0)) {
      const why = this.spec === undefined ? "the file does not have it" : "it is removed";
      this.add(
        "entry-without-cluster",
        parameter,
        `The registry has ${this.name}, and ${why}`,
        this.resources() === null
          ? `look into the states first; then aws ssm delete-parameter --name ${parameter}`
          : `aws ssm delete-parameter --name ${parameter}: no state has it`,
      );
    } else if (entry !== undefined && this.spec !== undefined && entry.kind !== this.spec.kind) {
      this.add(
        "entry-of-another-kind",
        parameter,
        `${this.name} is ${this.spec.kind} in the file and ${entry.kind} in the registry: a cluster keeps its kind`,
        "give the new cluster a name of its own",
      );
    } else if (entry === undefined && !isRemoved && (this.resourcesOf("cluster") ?? 0) > 0) {
      this.add(
        "cluster-without-entry",
        parameter,
        `${this.name} stands, and the registry does not have it: there is no parameter ${parameter}`,
        `apply ${this.stackOf("cluster")}`,
      );
    }
  }

  private judgeWeight(isRemoved: boolean): void {
    const weight = this.weight();
    const why =
      this.spec === undefined
        ? "the file does not have it"
        : isRemoved || this.spec.role === "retiring"
          ? `it is ${this.spec.role} in the file`
          : this.resourcesOf("cluster") === 0
            ? "nothing of it stands"
            : undefined;
    if (weight > 0 && why !== undefined) {
      this.add(
        "weight-without-cluster",
        this.name,
        `${this.name} has ${weight} % of the traffic, and ${why}`,
        this.drainCommand(),
      );
    }
  }

  /** Share of the dial in points; 0 also when nobody knows. */
  private weight(): number {
    const { weights } = this.facts;
    return weights === null ? 0 : weightOf(weights, this.name);
  }

  private drainCommand(): string {
    return `skyline dial drain ${this.name} --env ${this.environment}`;
  }

  /** Whether nothing of any cluster stands. */
  private isFirst(): boolean {
    const { environment, states } = this.facts;
    return [...(states ?? [])].every(
      ([state, summary]) => clusterIn(environment, state) === undefined || summary?.resources === 0,
    );
  }

  private stackOf(kind: "cluster" | "platform"): string {
    return stackNames[kind](this.environment, this.name);
  }

  private stateOf(kind: "cluster" | "platform"): StateSummary | null | undefined {
    return this.facts.states?.get(this.stackOf(kind));
  }

  /** Number of resources; 0 when there is no state; null when nobody knows. */
  private resourcesOf(kind: "cluster" | "platform"): number | null {
    const state = this.stateOf(kind);
    return this.facts.states === null || state === null ? null : (state?.resources ?? 0);
  }

  /** Of both of its stacks. */
  private resources(): number | null {
    const counts = [this.resourcesOf("cluster"), this.resourcesOf("platform")];
    return counts.every((count) => count !== null) ? counts.reduce((sum, count) => sum + count, 0) : null;
  }

  private add(code: Finding["code"], object: string, text: string, fix: string): void {
    this.findings.push({ code, object, text, fix });
  }
}

/** States with something in them that are none of this environment's stacks. */
function unexplainedStates({ environment, states, whereOf }: ClusterFacts): Finding[] {
  const own = [stackNames.network(environment.environment), stackNames.mesh(environment.environment)];
  return [...(states ?? [])].flatMap(([name, summary]): Finding[] =>
    own.includes(name) || clusterIn(environment, name) !== undefined || (summary?.resources ?? 0) === 0
      ? []
      : [
          {
            code: "state-unexplained",
            object: whereOf(name),
            text: `${whereOf(name)} is the state of no stack of ${environment.environment}, and holds ${summary?.resources} resources`,
            fix: "find out who keeps it there, and give it a place of its own",
          },
        ],
  );
}
