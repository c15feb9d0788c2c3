import { overlaps, parseCidr, type Cidr } from "./cidr";
import { architectureOf } from "./instance-type";
import { minorOf, SUPPORTED_MINORS } from "./kubernetes-version";
import { DEFAULT_SERVICE_CIDR, DENIED_SERVICE_NAMES, LABEL_KEY, SHORT_LABEL } from "./naming";
import { valueAt, showPath, type Path, type Problem } from "./problem";
import { show } from "./schema-types";

/**
 * What joins several places of an environment. The rules read the raw value and skip what has the wrong type, so that
 * they speak beside the schema's findings: a person sees every problem at once and not the first.
 */
export function checkRules(root: unknown): Problem[] {
  return [
    ...names(root),
    ...exactlyOneActive(root),
    ...networksApart(root),
    ...clientNames(root),
    ...zones(root),
    ...access(root),
    ...kubernetesVersions(root),
    ...workerGroups(root),
    ...gateways(root),
    ...mesosServices(root),
  ];
}

const isMapping = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const entries = (root: unknown, path: Path): [string, Path][] => {
  const value = valueAt(root, path);
  return isMapping(value) ? Object.keys(value).map((key) => [key, [...path, key]]) : [];
};

const strings = (root: unknown, path: Path): { text: string; path: Path }[] => {
  const value = valueAt(root, path);
  return Array.isArray(value)
    ? value.flatMap((text, i) => (typeof text === "string" ? [{ text, path: [...path, i] }] : []))
    : [];
};

function duplicates(items: readonly { text: string; path: Path }[], noun: string): Problem[] {
  const first = new Map([...items].reverse().map(({ text, path }) => [text, path]));
  return items
    .filter(({ text, path }) => first.get(text) !== path)
    .map(({ text, path }) => ({
      path,
      message: `${noun} ${text} is there twice; ${showPath(first.get(text) ?? [])} names it first`,
    }));
}

/** The keys that people choose. */
function names(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]);
  const groups = clusters.flatMap(([, cluster]) => entries(root, [...cluster, "workers"]));
  const labels = groups.flatMap(([, group]) => entries(root, [...group, "labels"]));
  const short = (noun: string, example: string, named: [string, Path][]): Problem[] =>
    named
      .filter(([name]) => !SHORT_LABEL.test(name))
      .map(([name, path]) => ({
        path,
        message:
          `${show(name)}${name.length > 20 ? ` (${name.length} characters)` : ""} is no name of a ${noun}; ` +
          `write a DNS label of at most 20 characters (a-z, 0-9, -, a letter first) like ${example}`,
        atKey: true,
      }));
  return [
    ...short("cluster", "alpha", clusters),
    ...short("worker group", "general", groups),
    ...labels
      .filter(([name]) => !LABEL_KEY.test(name))
      .map(([name, path]) => ({
        path,
        message: `${show(name)} is no key of a Kubernetes label; write it like example.com/team`,
        atKey: true,
      })),
  ];
}

function exactlyOneActive(root: unknown): Problem[] {
  const clusters = entries(root, ["clusters"]);
  const active = clusters.filter(([, path]) => valueAt(root, [...path, "role"]) === "active");
  if (clusters.length === 0) {
    return isMapping(valueAt(root, ["clusters"]))
      ? [{ path: ["clusters"], message: "is empty; it wants at least one cluster, and one of them active" }]
      : [];
  }
  if (active.length === 0) {
    const names = clusters.map(([name]) => name).join(", ");
    return [
      { path: ["clusters"], message: `none of ${names} is active; give exactly one of them role: active` },
    ];
  }
  return active.slice(1).map(([name, path]) => ({
    path: [...path, "role"],
    message: `${active[0]?.[0]} and ${name} are both active; exactly one cluster is, so make one of them passive`,
  }));
}

/** Overlaps that are shown for one network: enough to see what is wrong with it. */
const MAXIMUM_OVERLAPS = 4;

function networksApart(root: unknown): Problem[] {
  const named: { network: Cidr; path: Path }[] = [];
  const add = (path: Path, fallback?: string) => {
    const text = valueAt(root, path) ?? fallback;
    const network = typeof text === "string" ? parseCidr(text) : undefined;
    if (network !== undefined && typeof network !== "string") {
      named.push({ network, path });
    }
  };
  add(["network", "cidr"]);
  const clients = valueAt(root, ["network", "clients"]);
  if (Array.isArray(clients)) {
    clients.forEach((_, i) => add(["network", "clients", i, "cidr"]));
  }
  const shared = named.length;
  for (const [, path] of entries(root, ["clusters"])) {
    add([...path, "serviceCidr"], DEFAULT_SERVICE_CIDR);
  }
  // Two clusters may use the same Service network: it exists inside each cluster alone.
  return named.flatMap(({ network, path }, i) =>
    named
      .slice(0, Math.min(i, shared))
      .filter((other) => overlaps(network, other.network))
      .slice(0, MAXIMUM_OVERLAPS)
      .map((other) => ({
        path,
        message: `${network.text} overlaps ${other.network.text} of ${showPath(other.path)}; choose networks that lie apart`,
      })),
  );
}

function clientNames(root: unknown): Problem[] {
  const clients = valueAt(root, ["network", "clients"]);
  const named = (Array.isArray(clients) ? clients : []).flatMap((_, i) => {
    const path = ["network", "clients", i, "name"];
    const text = valueAt(root, path);
    return typeof text === "string" ? [{ text, path }] : [];
  });
  return duplicates(named, "client network");
}

function zones(root: unknown): Problem[] {
  const list = strings(root, ["network", "zones"]);
  const region = valueAt(root, ["region"]);
  const foreign =
    typeof region !== "string" || !/^[a-z]+(-[a-z]+)+-\d$/.test(region)
      ? []
      : list
          .filter(({ text }) => /-\d[a-z]$/.test(text) && text.slice(0, -1) !== region)
          .map(({ text, path }) => ({
            path,
            message: `zone ${text} is not in region ${region}; write it like ${region}a`,
          }));
  return [...duplicates(list, "zone"), ...foreign];
}

function access(root: unknown): Problem[] {
  const admins = strings(root, ["access", "admins"]);
  const deployer = valueAt(root, ["access", "deployer"]);
  const same = admins
    .filter(({ text }) => text === deployer)
    .map(({ path }) => ({
      path,
      message: `the deployer is an admin too; leave it out here: its access is scoped and can be revoked`,
    }));
  return [...duplicates(admins, "admin"), ...same];
}

function kubernetesVersions(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const path = [...cluster, "kubernetes"];
    const version = valueAt(root, path);
    const minor = typeof version === "string" ? minorOf(version) : undefined;
    return minor === undefined || SUPPORTED_MINORS.includes(minor)
      ? []
      : [
          {
            path,
            message: `Kubernetes ${minor} is not supported; write one of ${SUPPORTED_MINORS.join(", ")}`,
          },
        ];
  });
}

function workerGroups(root: unknown): Problem[] {
  return entries(root, ["clusters"]).flatMap(([, cluster]) => {
    const groups = entries(root, [...cluster, "workers"]);
    const none =
      isMapping(valueAt(root, [...cluster, "workers"])) && groups.length === 0
        ? [{ path: [...cluster, "workers"], message: "is empty; a cluster wants at least one worker group" }]
        : [];
    return [
      ...none,
      ...groups.flatMap(([, group]) => [...scalingOrder(root, group), ...instanceTypes(root, group)]),
    ];
  });
}

function scalingOrder(root: unknown, group: Path): Problem[] {
  const path = [...group, "scaling"];
  const [min, max, initial] = ["min", "max", "initial"].map((key) => valueAt(root, [...path, key]));
  if (typeof min !== "number" || typeof max !== "number") {
    return [];
  }
  if (min > max) {
    return [{ path: [...path, "min"], message: `min ${min} is above max ${max}; write min ≤ max` }];
  }
  return typeof initial === "number" && (initial < min || initial > max)
    ? [{ path: [...path, "initial"], message: `initial ${initial} is outside ${min} to ${max}` }]
    : [];
}

function instanceTypes(root: unknown, group: Path): Problem[] {
  const types = strings(root, [...group, "instanceTypes"]);
  const [first] = types;
  if (first === undefined) {
    return [];
  }
  const architecture = architectureOf(first.text);
  return [
    ...duplicates(types, "instance type"),
    ...types
      .filter(({ text }) => architectureOf(text) !== architecture)
      .map(({ text, path }) => ({
        path,
        message:
          `${text} is ${architectureOf(text)} and ${first.text} is ${architecture}; ` +
          `one image serves the group, so give each architecture a group of its own`,
      })),
  ];
}

function gateways(root: unknown): Problem[] {
  const path = ["mesh", "gateways"];
  const [min, max] = ["min", "max"].map((key) => valueAt(root, [...path, key]));
  const servers = valueAt(root, ["mesh", "consul", "servers"]);
  return [
    ...(typeof min === "number" && typeof max === "number" && min > max
      ? [{ path: [...path, "min"], message: `min ${min} is above max ${max}; write min ≤ max` }]
      : []),
    ...(typeof servers === "number" && servers % 2 === 0
      ? [
          {
            path: ["mesh", "consul", "servers"],
            message: `${servers} servers survive the loss of ${servers / 2 - 1}, as ${servers - 1} do; write an odd number`,
          },
        ]
      : []),
  ];
}

function mesosServices(root: unknown): Problem[] {
  const names = strings(root, ["mesh", "mesosServices"]);
  return [
    ...duplicates(names, "service"),
    ...names
      .filter(({ text }) => DENIED_SERVICE_NAMES.includes(text))
      .map(({ text, path }) => ({
        path,
        message: `${text} is never routed by the mesh; it cannot stand for a service`,
      })),
  ];
}
