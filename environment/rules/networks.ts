import { overlaps, parseCidr, type Cidr } from "../cidr";
import { DEFAULT_POD_CIDR, DEFAULT_SERVICE_CIDR } from "../naming";
import { valueAt, showPath, type Path, type Problem } from "../problem";
import { duplicates, entries, isMapping, strings } from "./values";

/** Overlaps that are shown for one network: enough to see what is wrong with it. */
const MAXIMUM_OVERLAPS = 4;

interface Named {
  readonly network: Cidr;
  readonly path: Path;
}

export function networksApart(root: unknown): Problem[] {
  const named = (path: Path, fallback?: string): Named[] => {
    const text = valueAt(root, path) ?? fallback;
    const network = typeof text === "string" ? parseCidr(text) : undefined;
    return network !== undefined && typeof network !== "string" ? [{ network, path }] : [];
  };
  const clients = valueAt(root, ["network", "clients"]);
  const shared = [
    ...named(["network", "cidr"]),
    ...(Array.isArray(clients) ? clients.flatMap((_, i) => named(["network", "clients", i, "cidr"])) : []),
  ];
  // Two clusters may use the same networks of Services and pods: these exist inside each cluster alone.
  const clusters = entries(root, ["clusters"]).map(([, path]) => [
    ...named([...path, "serviceCidr"], DEFAULT_SERVICE_CIDR),
    ...(valueAt(root, [...path, "kind"]) === "self-managed"
      ? named([...path, "podCidr"], DEFAULT_POD_CIDR)
      : []),
  ]);
  return [
    ...shared.flatMap((one, i) => overlapping(one, shared.slice(0, i))),
    ...clusters.flatMap((own) => own.flatMap((one, i) => overlapping(one, [...shared, ...own.slice(0, i)]))),
  ];
}

function overlapping({ network, path }: Named, others: readonly Named[]): Problem[] {
  const found: Named[] = [];
  for (const other of others) {
    if (found.length === MAXIMUM_OVERLAPS) {
      break;
    }
    if (overlaps(network, other.network)) {
      found.push(other);
    }
  }
  return found.map((other) => ({
    path,
    message: `${network.text} overlaps ${other.network.text} of ${showPath(other.path)}; choose networks that lie apart`,
  }));
}

export function clientNames(root: unknown): Problem[] {
  const clients = valueAt(root, ["network", "clients"]);
  const named = (Array.isArray(clients) ? clients : []).flatMap((_, i) => {
    const path = ["network", "clients", i, "name"];
    const text = valueAt(root, path);
    return typeof text === "string" ? [{ text, path }] : [];
  });
  return duplicates(named, "client network");
}

export function zones(root: unknown): Problem[] {
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

/** Forward rules are for clients, and for accounts that are not the environment's own. */
export function endpointDns(root: unknown): Problem[] {
  const path = ["network", "endpointDns"];
  const clients = valueAt(root, ["network", "clients"]);
  if (!isMapping(valueAt(root, path))) {
    return [];
  }
  const accounts = strings(root, [...path, "shareWith"]);
  const own = accounts.filter(({ text }) => text === valueAt(root, ["account"]));
  return [
    ...(clients === undefined || (Array.isArray(clients) && clients.length === 0)
      ? [
          {
            path,
            message:
              "lets client networks resolve private endpoints, and network.clients has none; " +
              "name a client network, or leave endpointDns out",
          },
        ]
      : []),
    ...duplicates(accounts, "account"),
    ...own.map(({ text, path }) => ({
      path,
      message: `${text} is the environment's own account, which has the forward rules already; leave it out`,
    })),
  ];
}
