import { spawn } from "node:child_process";
import { join } from "node:path";

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface Identity {
  /** User to act as. @default the administrator */
  readonly as?: string;
  readonly asGroups?: readonly string[];
}

export interface KubectlOptions extends Identity {
  /** Standard input. */
  readonly input?: string;
}

export interface ApplyOptions extends Identity {
  /** @default "skyline" */
  readonly fieldManager?: string;
  /** Takes fields over from other managers. @default false */
  readonly forceConflicts?: boolean;
}

/** The user's kubectl against one cluster. `directory` keeps what kubectl caches. */
export class Kubectl {
  constructor(
    private readonly kubeconfig: string,
    private readonly directory: string,
  ) {}

  /** Runs kubectl to its end; a refusal is a code, not a rejection. */
  run(args: readonly string[], options: KubectlOptions = {}): Promise<KubectlResult> {
    // kubectl keeps what it discovered by host and port, below the home folder: another cluster's answers, later.
    const own = ["--kubeconfig", this.kubeconfig, "--cache-dir", join(this.directory, "kubectl-cache")];
    const identity = [
      ...(options.as === undefined ? [] : ["--as", options.as]),
      ...(options.asGroups ?? []).flatMap((group) => ["--as-group", group]),
    ];
    return new Promise((resolve, reject) => {
      // The user's kuberc may change the defaults of any command.
      const env = { ...process.env, KUBECTL_KUBERC: "false" };
      const child = spawn("kubectl", [...own, ...identity, ...args], { env, stdio: "pipe" });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("error", (error: NodeJS.ErrnoException) =>
        reject(
          error.code === "ENOENT"
            ? new Error("kubectl is not on PATH: install kubectl 1.32 or newer")
            : error,
        ),
      );
      child.on("close", (code) => resolve({ stdout, stderr, code: code ?? 1 }));
      // It may end before it has read everything.
      child.stdin.on("error", () => undefined);
      child.stdin.end(options.input ?? "");
    });
  }

  /** Server-side apply that refuses unknown and duplicate fields. Rejects with what the API server said. */
  async apply(manifests: string, options: ApplyOptions = {}): Promise<KubectlResult> {
    const { fieldManager = "skyline", forceConflicts = false, ...identity } = options;
    const flags = ["--server-side", "--validate=strict", `--field-manager=${fieldManager}`];
    const args = ["apply", ...flags, `--force-conflicts=${forceConflicts}`, "-f", "-"];
    const result = await this.run(args, { ...identity, input: manifests });
    if (result.code !== 0) throw new Error(`kubectl apply: ${result.stderr.trim()}`);
    return result;
  }
}
