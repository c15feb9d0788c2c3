import { z } from "zod";
import type { MeshRole } from "../../../environment/mesh/node-settings";
import { DENIED_SERVICE_NAMES, SERVICE_NAME, WORKER_SERVICE } from "../../../environment/naming";
import { OperationFailure } from "../../failure";

/** Leave for nodes to remove many at once, as `mesh/node/skyline_mesh/values.py` reads it. */
export interface Removal {
  /** Names of services, or of {@link ALL}, the workers' service, `files/<role>`. */
  readonly services: readonly string[];
  /** Who gives it, and why: both are in the log of each node that makes use of it. */
  readonly by: string;
  readonly why: string;
  /** `2026-01-31T12:00:00Z` */
  readonly expires: string;
}

/** Stands for everything: services, settings, workers and files. */
export const ALL = "*";
export const filesName = (role: MeshRole) => `files/${role}`;
/** Key of the override. */
export const removalKey = (environment: string) => `skyline/${environment}/allow-removal`;

/** A leave that outlives its occasion lets the next mishap through. */
export const MOST_SECONDS = 24 * 60 * 60;
/** Nodes read so much of `by` and of `why`. */
const MOST_WORDS = 500;
/** Nodes take no value of more than 64 KiB. */
const MOST_NAMES = 900;

const schema = z.object({
  services: z.array(z.string()),
  by: z.string().min(1),
  why: z.string().min(1),
  // With its time zone, or nodes refuse it.
  expires: z.string().regex(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[-+]\d\d:\d\d)$/),
});

/** What a key holds, or undefined when nodes can make nothing of it. */
export function parseRemoval(text: string): Removal | undefined {
  try {
    const removal = schema.parse(JSON.parse(text));
    return Number.isNaN(Date.parse(removal.expires)) ? undefined : removal;
  } catch {
    return undefined;
  }
}

/** Whether nodes go by it: they take none that ends later than in a day. */
export function isLive({ expires }: Removal, now: number): boolean {
  const left = (Date.parse(expires) - now) / 1000;
  return left > 0 && left <= MOST_SECONDS;
}

/** Clocks of nodes may be behind this one: what is a day here would be more there, and be refused. */
const CLOCKS_SECONDS = 60;

/** The end of a leave of so many seconds. */
export const endOf = (now: number, seconds: number) =>
  new Date(now + Math.min(seconds, MOST_SECONDS - CLOCKS_SECONDS) * 1000)
    .toISOString()
    .replace(/\.\d{3}Z$/, "Z");

/** @throws OperationFailure invalid, when one can be no service of Mesos */
export function checkNames(names: readonly string[]): void {
  const wrong = names.find((name) => !SERVICE_NAME.test(name) || DENIED_SERVICE_NAMES.includes(name));
  if (wrong !== undefined) {
    throw new OperationFailure(
      "invalid",
      `${JSON.stringify(wrong)} is no service name`,
      `small letters, digits and hyphens, at most 63, and not ${DENIED_SERVICE_NAMES.join(" or ")}`,
    );
  }
  if (names.includes(WORKER_SERVICE)) {
    throw new OperationFailure("invalid", `${WORKER_SERVICE} is no service of Mesos`, "--workers");
  }
}

/** @throws OperationFailure invalid, when a log line would not be whole */
export function checkWords(option: string, text: string): void {
  if (text.trim() === "" || text.length > 200 || /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text)) {
    throw new OperationFailure(
      "invalid",
      `${option} is ${JSON.stringify(text.slice(0, 200))}, and not 1 to 200 characters on a line`,
    );
  }
}

/**
 * One leave of two: there is one key, and whoever needs it next must not take away what somebody else counts on. It ends
 * with the later of both.
 *
 * @throws OperationFailure refused, when that would lengthen a leave for everything, for workers or for files
 */
export function merge(live: Removal, wanted: Removal): Removal {
  const lengthened = Date.parse(live.expires) < Date.parse(wanted.expires);
  const broad = live.services.filter((name) => !SERVICE_NAME.test(name) || name === WORKER_SERVICE);
  const other = broad.find((name) => !wanted.services.includes(name));
  if (lengthened && other !== undefined) {
    throw new OperationFailure(
      "refused",
      `${live.by} allows ${JSON.stringify(other)} until ${live.expires}, which would become ${wanted.expires}`,
      "give a --for that ends before, or --revoke that first",
    );
  }
  const services = [...new Set([...live.services, ...wanted.services])].sort();
  if (services.length > MOST_NAMES) {
    throw new OperationFailure("invalid", `${services.length} names, and at most ${MOST_NAMES}`, "--all");
  }
  return {
    services,
    by: both(live.by, wanted.by),
    why: both(live.why, wanted.why),
    expires: lengthened ? wanted.expires : live.expires,
  };
}

/** What is left of a leave without these names; undefined when nothing is. @throws OperationFailure refused */
export function without(live: Removal, names: readonly string[]): Removal | undefined {
  const services = live.services.filter((name) => !names.includes(name));
  if (services.includes(ALL)) {
    throw new OperationFailure(
      "refused",
      `${live.by} allows everything until ${live.expires}: without ${names.join(", ")} it would be no less`,
      "--revoke --all",
    );
  }
  return services.length === 0 ? undefined : { ...live, services };
}

function both(before: string, now: string): string {
  if (before.split("; ").includes(now)) return before;
  const room = MOST_WORDS - now.length - 2;
  return `${before.slice(0, room)}; ${now}`;
}
