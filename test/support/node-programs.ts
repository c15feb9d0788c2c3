import { execFile } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { packageRoot } from "../../environment/package-root";

export interface ProgramResult {
  readonly code: number;
  readonly stderr: string;
}

/**
 * Programs of images, run on the machine of the test: their paths are below a folder, and what they call may be stood in
 * for by shell scripts. How they do on a real node is for the boot tests.
 */
export class NodePrograms {
  readonly folder = mkdtempSync(join(tmpdir(), "skyline-programs-"));

  constructor(roles: readonly string[], environment: string) {
    for (const role of roles) {
      const files = join(packageRoot(), "images", "ansible", "roles", role, "files");
      for (const file of readdirSync(files, { recursive: true }) as string[]) {
        if (!statSync(join(files, file)).isFile() || /\.(service|target|timer)$/.test(file)) continue;
        this.write(`/usr/local/lib/skyline/${basename(file)}`, readFileSync(join(files, file), "utf8"));
      }
    }
    this.write("/etc/skyline/node.env", environment);
  }

  /** Puts a file where the node would have it, with the paths in it below the folder. */
  write(path: string, text: string): void {
    const target = this.path(path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text.replaceAll(/(?<![\w.])\/(etc|run|usr\/local\/lib)\//g, `${this.folder}/$1/`));
    chmodSync(target, 0o700);
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** Bash in the place of a command of the node. It may write to `$FOLDER`. */
  standIn(command: string, script: string): void {
    this.write(`/bin/${command}`, `#!/bin/bash\nFOLDER=${this.folder}\n${script}\n`);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "utf8");
  }

  async run(program: string, env: Readonly<Record<string, string>> = {}): Promise<ProgramResult> {
    const path = `${join(this.folder, "bin")}:${env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin:/bin`;
    try {
      const { stderr } = await promisify(execFile)(this.path(`/usr/local/lib/skyline/${program}`), [], {
        env: { ...env, PATH: path },
        timeout: 20_000,
      });
      return { code: 0, stderr };
    } catch (error) {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, stderr };
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
