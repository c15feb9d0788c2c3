import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OperationFailure } from "../../failure";

/** What makes a folder ours: written into it while it was empty, before anything else. */
const MARKER = ".skyline-mesh.json";

const markerSchema = z.object({
  format: z.literal(1),
  madeBy: z.literal("skyline mesh up"),
  /** Where it was made: a copy of the folder is not ours, and its processes are the original's. */
  directory: z.string(),
  /** Whether the folder was not there before. */
  made: z.boolean(),
});

type Marker = z.infer<typeof markerSchema>;

/** All that a mesh puts into its folder, beside the marker. */
const OURS = [
  /^(mesh\.json|processes\.json|groups)(\.new)?$/,
  /^(services|pycache)$/,
  /^(consul|mesos|gateway)-\d+$/,
  /^[a-z][-a-z0-9]*-worker-\d+$/,
  /^cluster-[a-z][-a-z0-9]*$/,
];

/**
 * Whether the folder is ours; false when it is empty or not there.
 * @throws OperationFailure invalid, when it is anybody else's
 */
export function isOurs(directory: string): boolean {
  return markerOf(directory) !== undefined;
}

/** Makes an empty folder ours, or one that is not there. @throws OperationFailure invalid, when it has files */
export function claim(directory: string): void {
  if (entriesOf(directory).length > 0) throw foreign(directory);
  const made = mkdirSync(directory, { recursive: true }) !== undefined;
  const marker: Marker = {
    format: 1,
    madeBy: "skyline mesh up",
    directory: realpathSync(directory),
    made,
  };
  writeFileSync(join(directory, MARKER), `${JSON.stringify(marker)}\n`, { flag: "wx" });
}

/**
 * Removes what a mesh has made, the marker last, so that what is interrupted can be done again.
 * @returns names of what somebody else has put there, and which stays
 */
export function removeOurs(directory: string): readonly string[] {
  const marker = markerOf(directory);
  if (marker === undefined) return [];
  for (const name of entriesOf(directory).filter((entry) => OURS.some((pattern) => pattern.test(entry)))) {
    rmSync(join(directory, name), { recursive: true, force: true });
  }
  rmSync(join(directory, MARKER));
  const kept = entriesOf(directory);
  if (marker.made && kept.length === 0) rmdirSync(directory);
  return kept;
}

function markerOf(directory: string): Marker | undefined {
  if (entriesOf(directory).length === 0) return undefined;
  const marker = readMarker(join(directory, MARKER));
  if (marker === undefined) throw foreign(directory);
  const here = realpathSync(directory);
  if (marker.directory !== here) {
    throw new OperationFailure(
      "invalid",
      `${directory} is ${here}, and its mesh was made in ${marker.directory}: it was copied or moved`,
      "name another folder with --directory, or move it back",
    );
  }
  return marker;
}

function readMarker(file: string): Marker | undefined {
  try {
    return lstatSync(file).isFile() ? markerSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  } catch {
    return undefined;
  }
}

function entriesOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const why = code === "ENOTDIR" ? "is no folder" : `cannot be read: ${code}`;
    throw new OperationFailure("invalid", `${directory} ${why}`, "name another folder with --directory");
  }
}

const foreign = (directory: string) =>
  new OperationFailure(
    "invalid",
    `${directory} has files, and was not made by skyline mesh up: nothing in it is touched`,
    "name an empty folder with --directory, or one that is not there",
  );
