import { spawn } from "node:child_process";
import { OperationFailure } from "../failure";
import { kubectlFailure } from "./failure";

/** Which cluster kubectl talks to. */
export interface KubectlTarget {
  readonly context: string;
  /** @default as kubectl finds it: KUBECONFIG, or ~/.kube/config */
  readonly kubeconfig?: string;
}

export interface KubectlOptions extends KubectlTarget {
  readonly signal?: AbortSignal;
}

interface List<T> {
  readonly items: readonly T[];
}

/**
 * The user's kubectl: it knows every way in which a kubeconfig gets credentials, and its users know its errors.
 *
 * Every call throws an OperationFailure: denied, unreachable, conflict, missing, refused or interrupted.
 */
export class Kubectl {
  constructor(private readonly options: KubectlOptions) {}

  /** One object, or undefined when there is none. */
  async get<T>(kind: string, name: string, namespace: string): Promise<T | undefined> {
    const text = await this.run(["get", kind, name, "-n", namespace, "--ignore-not-found", "-o", "json"]);
    return text.trim() === "" ? undefined : (JSON.parse(text) as T);
  }

  /** Objects by their labels, as `app=a`. */
  async list<T>(kind: string, namespace: string, selector: string): Promise<readonly T[]> {
    const text = await this.run(["get", kind, "-n", namespace, "-l", selector, "-o", "json"]);
    return (JSON.parse(text) as List<T>).items;
  }

  /** Runs kubectl to its end. @returns its stdout */
  run(args: readonly string[]): Promise<string> {
    const { context, kubeconfig, signal } = this.options;
    const where = [
      ...(kubeconfig === undefined ? [] : ["--kubeconfig", kubeconfig]),
      ...["--context", context, "--request-timeout=10s"],
    ];
    return new Promise((resolve, reject) => {
      const child = spawn("kubectl", [...where, ...args], {
        // The user's kuberc may change the defaults of any command.
        env: { ...process.env, KUBECTL_KUBERC: "false", LC_ALL: "C" },
        stdio: ["ignore", "pipe", "pipe"],
        signal,
      });
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
      child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
      child.on("error", (error: NodeJS.ErrnoException) => reject(this.notRun(error)));
      child.on("close", (code) => {
        if (code === 0) resolve(stdout);
        else reject(kubectlFailure(stderr, `kubectl ${args.slice(0, 3).join(" ")}`, context));
      });
    });
  }

  private notRun(error: NodeJS.ErrnoException): OperationFailure {
    if (this.options.signal?.aborted === true) {
      return new OperationFailure("interrupted", "kubectl was interrupted");
    }
    return error.code === "ENOENT"
      ? new OperationFailure("missing", "kubectl is not on PATH", "install kubectl 1.32 or newer")
      : new OperationFailure("refused", `kubectl does not start: ${error.message}`);
  }
}
