import { valueAt, type Problem } from "../problem";
import { duplicates, strings } from "./values";

export function access(root: unknown): Problem[] {
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
