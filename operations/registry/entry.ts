import { SHORT_LABEL, type RegistryEntry } from "../../environment/naming";
import { OperationFailure } from "../failure";

/**
 * An entry of the registry, checked: what a kubeconfig is written from.
 *
 * @param name of the parameter
 * @throws OperationFailure refused, when the text is no entry of that cluster
 */
export function parseEntry(parameter: string, text: string): RegistryEntry {
  const wrong = (what: string) =>
    new OperationFailure(
      "refused",
      `parameter ${parameter} is no entry of the registry: ${what}`,
      "an apply of the cluster's stack writes it anew",
    );
  let value: Partial<Record<keyof RegistryEntry, unknown>> | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    throw wrong("it is no JSON");
  }
  const { name, kind, endpoint, ca, version, deployer } = value ?? {};
  if (typeof name !== "string" || !SHORT_LABEL.test(name) || !parameter.endsWith(`/${name}`)) {
    throw wrong("its name is not the parameter's");
  }
  if (kind !== "self-managed" && kind !== "eks") {
    throw wrong("its kind is neither self-managed nor eks");
  }
  if (typeof endpoint !== "string" || !isHttps(endpoint)) {
    throw wrong("its endpoint is no https URL");
  }
  if (typeof ca !== "string" || !/^[A-Za-z0-9+/]+={0,2}$/.test(ca)) {
    throw wrong("its authority is no base64");
  }
  if (typeof version !== "string" || typeof deployer !== "string") {
    throw wrong("it has no version or no deployer");
  }
  return { name, kind, endpoint, ca, version, deployer };
}

const isHttps = (url: string) => URL.canParse(url) && new URL(url).protocol === "https:";
