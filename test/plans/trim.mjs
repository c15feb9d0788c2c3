// Makes a plan a fixture: the keys that are read, short user data, and the same ids in every run.

/** A plan's keys that the reader reads. */
export function trim(plan, ids) {
  const { format_version, terraform_version, complete, errored, resource_changes, resource_drift } = plan;
  const changed = new Set(
    (resource_changes ?? [])
      .filter(({ change }) => change.actions[0] !== "no-op")
      .map(({ address }) => address),
  );
  const trimmed = {
    ...{ format_version, terraform_version, complete, errored },
    resource_changes: (resource_changes ?? []).filter(({ mode }) => mode === "managed").map(changeOf),
    ...(resource_drift === undefined
      ? {}
      : {
          // What AWS has added to a thing that stays is read, and told to nobody.
          resource_drift: resource_drift.filter(({ address }) => changed.has(address)).map(changeOf),
        }),
    output_changes: plan.output_changes ?? {},
    configuration: { root_module: { resources: writtenIn(plan) } },
    prior_state: { values: { root_module: { resources: otherStacksIn(plan) } } },
  };
  ids.learn(trimmed.resource_changes);
  return ids.replaceIn(trimmed);
}

/** JSON with a line for each change, so that people can compare two of them. */
export function lines(plan) {
  const entries = Object.entries(plan).map(([key, value]) =>
    Array.isArray(value) && value.length > 0
      ? `${JSON.stringify(key)}: [\n${value.map((item) => JSON.stringify(item)).join(",\n")}\n]`
      : `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  return `{\n${entries.join(",\n")}\n}\n`;
}

/** Which attributes the code writes. */
const writtenIn = ({ configuration }) =>
  (configuration?.root_module?.resources ?? [])
    .filter(({ mode }) => mode === "managed")
    .map(({ address, expressions }) => ({
      address,
      expressions: Object.fromEntries(Object.keys(expressions ?? {}).map((key) => [key, {}])),
    }));

/** What was read of the states of other stacks. */
const otherStacksIn = ({ prior_state }) =>
  (prior_state?.values?.root_module?.resources ?? [])
    .filter(({ mode, type }) => mode === "data" && type === "terraform_remote_state")
    .map(({ address, mode, type, name, values: { config, outputs }, sensitive_values }) => ({
      ...{ address, mode, type, name, values: { config, outputs }, sensitive_values },
    }));

function changeOf({ address, mode, type, name, provider_name, deposed, action_reason, change }) {
  const isSame = change.actions.join() === "no-op";
  const { before, after, before_sensitive, ...others } = change;
  return {
    ...{ address, mode, type, name, provider_name, deposed, action_reason },
    // Of what does not change one side is enough.
    change: isSame
      ? { ...others, after: withoutEmpty(after) }
      : { ...others, before, after, before_sensitive },
  };
}

/** What is not there reads the same. */
const withoutEmpty = (after) =>
  Object.fromEntries(Object.entries(after).filter(([, value]) => value !== null && value?.length !== 0));

/** Shapes of what an emulator makes up, each with what stands in its place. The longest first. */
const SHAPES = [
  // User data, certificates.
  {
    shape: /[A-Za-z0-9+/]{160,}={0,2}/g,
    place: (n) => Buffer.from(`shortened text ${n}\n`).toString("base64"),
  },
  {
    shape: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
    place: (n) => `00000000-0000-4000-8000-${hex(n, 12)}`,
  },
  {
    shape:
      /(?<=\b(vpc|subnet|sg|sgr|lt|eni|eipalloc|eipassoc|nat|rtb|rtbassoc|igw|vpce|acl|vol|fl|dopt|pl|r|rslvr-in|rslvr-out|rslvr-rr|rslvr-rrassoc|eni-attach|a|pcx|rni)-)[0-9a-f]{8,17}\b/g,
    place: (n) => hex(n, 17),
  },
  { shape: /(?<=\bvpce-[0-9a-f]{17}-)[0-9a-f]{8}\b/g, place: (n) => hex(n, 8) },
  { shape: /(?<=\br-rtb-)[0-9a-f]{18,40}/g, place: (n) => hex(n, 27) },
  { shape: /(?<=\b(ip|ec2)-)\d+-\d+-\d+-\d+/g, place: (n) => `192-0-2-${n}` },
  {
    shape: /(?<![A-Za-z0-9])[A-Z0-9]{22}(?![A-Za-z0-9])/g,
    place: (n) => `ZONE${String(n).padStart(18, "0")}`,
  },
  {
    shape: /\b(AROA|AIDA|AIPA|ANPA|AGPA)[A-Z0-9]{16,17}\b/g,
    place: (n) => `AROA${String(n).padStart(17, "0")}`,
  },
  { shape: /\bZ[A-Z0-9]{12,20}\b/g, place: (n) => `Z${String(n).padStart(14, "0")}` },
  { shape: /(?<=\/)[0-9a-f]{16,17}\b/g, place: (n) => hex(n, 16) },
  {
    shape: /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?( UTC)?/g,
    place: () => "2026-01-01T00:00:00Z",
  },
  { shape: /\b20\d{12,24}\b/g, place: (n) => `2026${String(n).padStart(22, "0")}` },
  { shape: /(?<=\/|\beks-[a-z]+-)[0-9a-f]{8}(?![-\w])/g, place: (n) => hex(n, 8) },
  { shape: /(?<=\/oidc\/id\/)[0-9A-F]+\b/g, place: (n) => `ID${n}` },
  { shape: /\blocalhost:\d+\b/g, place: () => "localhost:8443" },
  { shape: /\b127\.0\.0\.1:\d+\b/g, place: () => "127.0.0.1:8443" },
  { shape: /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d./])/g, place: (n) => `192.0.2.${n % 256}` },
];

const hex = (n, digits) => n.toString(16).padStart(digits, "0");

const sorted = (list) =>
  [...list].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));

/** Sets of blocks, which Terraform has in the order of a hash that ids have their part in. */
const SETS = ["egress", "ingress", "ip_address", "route", "subnet_mapping", "vpc"];

/** Attributes that have no shape to know them by. */
const MADE_UP = ["hosted_zone_id", "mac_address", "platform_version", "subnet_configuration", "unique_id"];

/**
 * Gives each id a number by its first appearance, the same one everywhere. Ids are random, and Terraform sorts sets of
 * them: the order of resources, which is that of their addresses, decides their numbers, and their numbers that of sets.
 */
export class Ids {
  seen = new Map();

  learn(changes) {
    for (const { change } of changes) {
      const values = change.before ?? change.after;
      ["id", "arn", "private_ip", "zone_id"].forEach((key) => this.replaceIn(values?.[key]));
    }
  }

  replaceIn(value) {
    if (typeof value === "string") return this.inText(value);
    if (Array.isArray(value)) return this.inList(value);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        const replaced = MADE_UP.includes(key) ? "made up" : this.replaceIn(inner);
        return [key, SETS.includes(key) && Array.isArray(replaced) ? sorted(replaced) : replaced];
      }),
    );
  }

  inList(list) {
    const replaced = list.map((item) => this.replaceIn(item));
    const isOfIds = replaced.every((item, i) => typeof item === "string" && item !== list[i]);
    return isOfIds ? sorted(replaced) : replaced;
  }

  inText(text) {
    return SHAPES.reduce(
      (result, { shape, place }, kind) =>
        result.replaceAll(shape, (id) => {
          const numbers = this.numbersOf(kind);
          if (!numbers.has(id)) numbers.set(id, numbers.size + 1);
          return place(numbers.get(id));
        }),
      text,
    );
  }

  numbersOf(kind) {
    if (!this.seen.has(kind)) this.seen.set(kind, new Map());
    return this.seen.get(kind);
  }
}
