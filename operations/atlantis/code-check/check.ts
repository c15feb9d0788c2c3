import { quoted, type Finding, type Problem, type Rule, type Subject } from "./finding";
import { blocksBelow, parseCode, type Block, type Code } from "./document";
import { environmentOf } from "./environment";
import type { Trust } from "../trust";
import { awsProvider } from "./rules/aws-provider";
import { backend } from "./rules/backend";
import { dataSources } from "./rules/data-sources";
import { expressions } from "./rules/expressions";
import { imports } from "./rules/imports";
import { kubernetesProvider } from "./rules/kubernetes-provider";
import { localFiles } from "./rules/local-files";
import { metadata } from "./rules/metadata";
import { names } from "./rules/names";
import { parameters } from "./rules/parameters";
import { providers } from "./rules/providers";
import { provisioners } from "./rules/provisioners";
import { remoteState } from "./rules/remote-state";
import { sectionLabels, sections } from "./rules/sections";
import { terraformData } from "./rules/terraform-data";
import { variables } from "./rules/variables";

const rules: Readonly<Record<string, Rule>> = {
  sections,
  names,
  backend,
  providers,
  "aws-provider": awsProvider,
  "kubernetes-provider": kubernetesProvider,
  "data-sources": dataSources,
  parameters,
  "remote-state": remoteState,
  provisioners,
  expressions,
  imports,
  "terraform-data": terraformData,
  "local-files": localFiles,
  variables,
  metadata,
};

/** Findings of one stack that are told; code with more has one that says how many. */
const MOST_FINDINGS = 100;

/**
 * Says what of a stack's code must not meet credentials: all that makes Terraform run a program, read a file, ask a server
 * or write a state that the trust file does not name. Resources themselves are for the review of the plan.
 *
 * @param stack its name, of anybody's choice
 * @param code text of its cdk.tf.json, as a bundle has it
 * @returns nothing for code that is fine; it reads nothing but its arguments, and throws nothing for any of them
 */
export function checkCode(stack: string, code: string, trust: Trust): Finding[] {
  const finding = (rule: string, { where, message }: Problem): Finding => ({ rule, stack, where, message });
  const environment = environmentOf(stack, trust);
  if (environment === undefined) {
    const known = Object.keys(trust.environments).join(", ") || "none";
    const message = `${quoted(stack)} is of no environment in the server's trust file, which has ${known}; deploy the trust file first`;
    return [{ rule: "environment", stack: quoted(stack).slice(1, -1), where: "", message }];
  }
  const parsed = parseCode(code);
  if (typeof parsed === "string") {
    return [finding("json", { where: "", message: `the code ${parsed}` })];
  }
  const subject = subjectOf(stack, parsed, { trust, ...environment });
  const findings = Object.entries(rules).flatMap(([rule, problems]) =>
    [...problems(subject)].map((problem) => finding(rule, problem)),
  );
  const more = findings.length - MOST_FINDINGS;
  return more <= 0
    ? findings
    : [
        ...findings.slice(0, MOST_FINDINGS),
        finding("more", { where: "", message: `there are ${more} more findings` }),
      ];
}

function subjectOf(
  stack: string,
  code: Code,
  trusted: Pick<Subject, "environment" | "trusted" | "trust">,
): Subject {
  const found = new Map<string, readonly Block[]>();
  const blocks = (section: string) => {
    const labels = sectionLabels.get(section);
    const known = found.get(section);
    if (known !== undefined) return known;
    const value = Object.hasOwn(code, section) && labels !== undefined ? code[section] : [];
    const read = blocksBelow(value, labels ?? 0, section);
    found.set(section, read);
    return read;
  };
  return { stack, code, ...trusted, blocks };
}
