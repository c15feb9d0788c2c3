import { activeApiHost, apiHost, registry, SHORT_LABEL, stackNames } from "../../environment/naming";
import type { Environment } from "../../environment/schema";
import { dialKey } from "../dial/keys";
import { showWeights, weightOf } from "../dial/weights";
import type { DialFacts } from "./dial";
import type { ActiveSource, ActiveView, Finding } from "./model";
import type { Reading } from "./reading";

/** All that says which cluster is active. */
export interface ActiveFacts {
  readonly environment: Environment;
  /** Path of the environment's file, for people. */
  readonly file: string;
  /** Value of the parameter; undefined when there is none. */
  readonly parameter: Reading<string | undefined>;
  /** Host that `api.<domain>` leads to; undefined when there is no such name. */
  readonly apiName: Reading<string | undefined>;
  readonly dial: Reading<DialFacts>;
  /** Whether the network, which makes parameter and name, was applied; null when nobody knows. */
  readonly isApplied: boolean | null;
}

/**
 * Holds what says which cluster is active beside each other. The parameter decides; without it nothing agrees with
 * anything.
 */
export function judgeActive(facts: ActiveFacts): {
  readonly view: ActiveView;
  readonly findings: readonly Finding[];
} {
  const { value } = facts.parameter;
  const active = value !== undefined && SHORT_LABEL.test(value) ? value : null;
  const judged = [
    parameterOf(facts, active),
    fileOf(facts, active),
    apiNameOf(facts, active),
    dialOf(facts, active),
  ];
  return {
    view: { cluster: active, sources: judged.map(({ source }) => source) },
    findings: judged.flatMap(({ finding }) => finding ?? []),
  };
}

interface Judged {
  readonly source: ActiveSource;
  readonly finding?: Finding;
}

/** Why, the report says where it lists what could not be looked at. */
const unknown = (of: Pick<ActiveSource, "source" | "where">): Judged => ({
  source: { ...of, value: null, agrees: null, remark: "unknown" },
});

const NO_ONE_DECIDES = "nothing says what it should be";

function parameterOf({ environment, parameter, isApplied }: ActiveFacts, active: string | null): Judged {
  const { environment: name, clusters } = environment;
  const of = { source: "parameter", where: registry.active(name) } as const;
  if (parameter.problem !== undefined) {
    return unknown(of);
  }
  const finding = (code: Finding["code"], text: string, fix: string): Judged => ({
    source: { ...of, value: active, agrees: active === null ? null : true, remark: null },
    finding: { code, object: of.where, text, fix },
  });
  const promote = `skyline promote NAME --env ${name}, with the cluster that has the traffic`;
  if (parameter.value === undefined) {
    return isApplied === false
      ? { source: { ...of, value: null, agrees: null, remark: "the network was not applied yet" } }
      : finding(
          "active-missing",
          `There is no parameter ${of.where}: nothing says which cluster is active`,
          `apply ${stackNames.network(name)}`,
        );
  }
  const role = active !== null && Object.hasOwn(clusters, active) ? clusters[active]?.role : undefined;
  if (active === null || role === undefined) {
    // Whatever else it holds may be no name at all, and is not repeated.
    const said = active === null ? "is no cluster's name" : `names ${active}, which the file does not have`;
    return finding("active-not-in-file", `Parameter ${of.where} ${said}`, promote);
  }
  if (role === "retiring" || role === "removed") {
    const text = `Parameter ${of.where} names ${active}, which is ${role} in the file`;
    return finding("active-leaves", text, promote);
  }
  return { source: { ...of, value: active, agrees: true, remark: "decides" } };
}

function fileOf({ environment, file }: ActiveFacts, active: string | null): Judged {
  const [value = null] = Object.entries(environment.clusters).flatMap(([name, { role }]) =>
    role === "active" ? [name] : [],
  );
  const source = { source: "file", where: file, value } as const;
  if (active === null) {
    return { source: { ...source, agrees: null, remark: NO_ONE_DECIDES } };
  }
  if (value === active) {
    return { source: { ...source, agrees: true, remark: null } };
  }
  return {
    source: { ...source, agrees: false, remark: null },
    finding: {
      code: "file-disagrees",
      object: file,
      text: `The file says that ${value ?? "none"} is active, and it is ${active}`,
      fix: `skyline promote ${active} --env ${environment.environment} --dry-run prints the change of the file`,
    },
  };
}

function apiNameOf({ environment, apiName, isApplied }: ActiveFacts, active: string | null): Judged {
  const { environment: name, domain, clusters } = environment;
  const of = { source: "api-name", where: activeApiHost(domain) } as const;
  if (!Object.values(clusters).some(({ kind, role }) => kind === "self-managed" && role !== "removed")) {
    const remark = "no cluster of the file is self-managed: there is no such name";
    return { source: { ...of, value: null, agrees: null, remark } };
  }
  if (apiName.problem !== undefined) {
    return unknown(of);
  }
  const { value = null } = apiName;
  if (value === null) {
    const source = { ...of, value, agrees: null };
    return isApplied === false
      ? { source: { ...source, remark: "the network was not applied yet" } }
      : {
          source: { ...source, remark: "it is not there" },
          finding: {
            code: "api-name-missing",
            object: of.where,
            text: `There is no CNAME ${of.where}`,
            fix: `apply ${stackNames.network(name)}`,
          },
        };
  }
  const source = { ...of, value };
  if (active === null) {
    return { source: { ...source, agrees: null, remark: NO_ONE_DECIDES } };
  }
  if (Object.hasOwn(clusters, active) && clusters[active]?.kind === "eks") {
    const remark = `${active} runs on EKS, and has an endpoint of its own`;
    return { source: { ...source, agrees: null, remark } };
  }
  const wanted = apiHost(active, domain);
  if (value === wanted) {
    return { source: { ...source, agrees: true, remark: null } };
  }
  return {
    source: { ...source, agrees: false, remark: null },
    finding: {
      code: "api-name-disagrees",
      object: of.where,
      text: `${of.where} leads to ${value}, and ${active} is active`,
      fix: `skyline promote ${active} --env ${name}`,
    },
  };
}

function dialOf({ environment, dial }: ActiveFacts, active: string | null): Judged {
  const { environment: name } = environment;
  const of = { source: "dial", where: dialKey(name) } as const;
  if (dial.problem !== undefined) {
    return unknown(of);
  }
  const { weights, isInitial, ramp } = dial.value;
  const source = { ...of, value: showWeights(weights) };
  if (ramp !== null) {
    const remark = `a ramp to ${ramp.to} ${ramp.isRun ? "is on" : "was interrupted"}`;
    const judged = { source: { ...source, agrees: null, remark } };
    return ramp.isRun
      ? judged
      : {
          ...judged,
          finding: {
            code: "ramp-interrupted",
            object: of.where,
            text: `A ramp to ${ramp.to} was interrupted, and nobody runs it: the dial stands at ${source.value}`,
            fix: `skyline dial resume --env ${name}, or skyline dial abort --env ${name}`,
          },
        };
  }
  if (active === null) {
    return { source: { ...source, agrees: null, remark: NO_ONE_DECIDES } };
  }
  if (weightOf(weights, active) === 100) {
    return { source: { ...source, agrees: true, remark: null } };
  }
  const since = isInitial
    ? ", as it was never written and gateways began with the file's active cluster"
    : "";
  return {
    source: { ...source, agrees: false, remark: isInitial ? "never written" : null },
    finding: {
      code: "dial-disagrees",
      object: of.where,
      text: `The dial is at ${source.value}${since}, and ${active} is active`,
      fix: `skyline dial set ${active}=100 --env ${name}`,
    },
  };
}
