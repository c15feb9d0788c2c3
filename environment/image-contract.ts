import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { packageRoot } from "./package-root";

/**
 * What images contain and nodes count on: images/contract.json, read by the renderers of user data, by the tests of the
 * images and by whoever builds an image of their own.
 */

const path = z.string().regex(/^(\/[\w.-]+)+$/, "is no absolute path");
const directory = z.strictObject({
  path,
  owner: z.string(),
  mode: z.string().regex(/^0[0-7]{3}$/, "is no mode of four octal digits"),
});
const unit = z.string().regex(/^[\w@-]+\.(service|target|timer)$/, "is no name of a unit");
const part = z.strictObject({
  /** The unit that user data enables; it wants all the others. */
  target: unit.optional(),
  /** Executables. */
  binaries: z.array(path),
  /** Files that are not executed and that executables read. */
  files: z.array(path).default([]),
  units: z.array(unit),
  /** System users, each with a group of its name. */
  users: z.array(z.string()).default([]),
  directories: z.array(directory),
  sysctl: z.record(z.string(), z.string()).default({}),
});
// The last one is a role for nodes that are somebody else's, and has no image.
const ROLES = ["etcd", "controller", "worker", "eks-worker", "gateway", "mesos-node"] as const;
const contract = z.strictObject({ common: part, roles: z.record(z.enum(ROLES), part) });

/** A kind of image. */
export type ImageRole = (typeof ROLES)[number];
export const IMAGE_ROLES: readonly ImageRole[] = ROLES;
/** What one kind of image has beside what all have. */
export type ImagePart = z.output<typeof part>;
export type ImageContract = z.output<typeof contract>;

let read: ImageContract | undefined;

/** @throws ZodError when the file is not of its shape */
export function imageContract(): ImageContract {
  read ??= contract.parse(JSON.parse(readFileSync(join(packageRoot(), "images", "contract.json"), "utf8")));
  return read;
}

/** What images of a role have, with what all images have; a Mesos node is no image of ours, and has its own alone. */
export function imageRole(role: ImageRole): ImagePart {
  const { common, roles } = imageContract();
  const own = roles[role];
  if (role === "mesos-node") return own;
  return {
    target: own.target,
    binaries: [...common.binaries, ...own.binaries],
    files: [...common.files, ...own.files],
    units: [...common.units, ...own.units],
    users: [...common.users, ...own.users],
    directories: [...common.directories, ...own.directories],
    sysctl: { ...common.sysctl, ...own.sysctl },
  };
}

/**
 * The directory of a role's image that this path names, so that a renderer writes nowhere that an image lacks.
 * @throws Error when the image has no such directory
 */
export function imageDirectory(role: ImageRole, wanted: string): ImagePart["directories"][number] {
  const found = imageRole(role).directories.find((directory) => directory.path === wanted);
  if (found === undefined) {
    throw new Error(`images of ${role} have no directory ${wanted}; name it in images/contract.json`);
  }
  return found;
}

/**
 * The path of an executable of a role's image.
 * @throws Error when the image has none of that name
 */
export function imageBinary(role: ImageRole, name: string): string {
  const found = imageRole(role).binaries.find((binary) => binary.endsWith(`/${name}`));
  if (found === undefined) {
    throw new Error(`images of ${role} have no executable ${name}; name it in images/contract.json`);
  }
  return found;
}
