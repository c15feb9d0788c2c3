import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdir, mkdtemp, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type World } from "./netns";
import { nginxBinary, pythonBinary } from "./nginx-binary";
import {
  checkPodSpec,
  named,
  type ConfigMap,
  type Container,
  type PodSpec,
  type Volume,
} from "./nginx-pod-spec";
import { ManagedProcess } from "./process";

export interface NginxPodOptions {
  /** `spec` of the pod, as the API server returned it. */
  readonly spec: PodSpec;
  /** Config maps that its volumes name, as the API server returned them. */
  readonly configMaps: readonly ConfigMap[];
  /** Whose network it is in. */
  readonly world: World;
  /** An existing folder, for its files. */
  readonly directory: string;
  /** Added to the container's command. */
  readonly args?: readonly string[];
}

/** What of the image the container runtime knows, and of its files what NGINX may meet. */
const IMAGE = {
  path: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  binary: "/usr/sbin/nginx",
  passwd: "root:x:0:0:root:/root:/bin/false\nnginx:x:101:101:nginx:/nonexistent:/bin/false\n",
  group: "root:x:0:\nnginx:x:101:\n",
  folders: ["/tmp"],
  stopSignal: "SIGQUIT",
};

/**
 * The container of a pod, run as its specification says: its command, user and groups, volumes, read-only root and
 * dropped capabilities, in mount, process and network namespaces of its own. A specification that says more than this
 * knows is refused.
 */
export class NginxPod {
  static async start({ spec, configMaps, world, directory, args = [] }: NginxPodOptions): Promise<NginxPod> {
    const container = checkPodSpec(spec);
    const folder = await mkdtemp(join(directory, "pod-"));
    const root = join(folder, "root");
    await mkdir(root);
    const { runAsUser: user = 0, runAsGroup: group = 0, fsGroup = group } = spec.securityContext;
    const settings = {
      root,
      networkOf: world.pid,
      binaries: { [IMAGE.binary]: await nginxBinary() },
      texts: { "/etc/passwd": IMAGE.passwd, "/etc/group": IMAGE.group },
      folders: IMAGE.folders,
      volumes: await Promise.all(
        container.volumeMounts.map(async ({ name, mountPath, readOnly = false }) => ({
          path: mountPath,
          readOnly,
          ...(await volume(
            named(spec.volumes, name, (item) => item.name),
            configMaps,
            { folder, fsGroup },
          )),
        })),
      ),
      readOnlyRoot: container.securityContext.readOnlyRootFilesystem,
      user,
      group,
      groups: [fsGroup],
      noNewPrivileges: !container.securityContext.allowPrivilegeEscalation,
      environment: { PATH: IMAGE.path },
      command: [...container.command, ...args],
      stopSignal: IMAGE.stopSignal,
    };
    const file = join(folder, "container.json");
    await writeFile(file, JSON.stringify(settings));
    const runtime = await ManagedProcess.start({
      name: `container ${container.name}`,
      command: await pythonBinary(),
      args: [join(__dirname, "nginx-container.py"), file],
      logFile: join(folder, "log"),
    });
    return new NginxPod(container, spec.terminationGracePeriodSeconds, runtime, world);
  }

  private constructor(
    private readonly container: Container,
    private readonly graceSeconds: number,
    private readonly runtime: ManagedProcess,
    private readonly world: World,
  ) {}

  /** How its process ended. */
  get ended(): Promise<string> {
    return this.runtime.ended;
  }

  get running(): boolean {
    return this.runtime.running;
  }

  get log(): string {
    return readFileSync(this.runtime.logFile, "utf8");
  }

  /** Its first process, in the machine's own count. */
  get pid(): number {
    const { pid } = this.runtime;
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
  }

  /** What Linux says of that process: users, capabilities and such by name. */
  get status(): Readonly<Record<string, string>> {
    const lines = readFileSync(`/proc/${this.pid}/status`, "utf8").trim().split("\n");
    return Object.fromEntries(lines.map((line) => line.split(/:\t/) as [string, string]));
  }

  /** Its mounts by path: `ro` or `rw`. */
  get mounts(): Readonly<Record<string, string>> {
    const lines = readFileSync(`/proc/${this.pid}/mountinfo`, "utf8").trim().split("\n");
    const fields = lines.map((line) => line.split(" "));
    return Object.fromEntries(fields.map(([, , , , path = "", options = ""]) => [path, options.slice(0, 2)]));
  }

  /** As a kubelet: asks the startup probe until it passes. Rejects when the container ends, or the probe's time is up. */
  async startUp(): Promise<void> {
    const { failureThreshold, periodSeconds } = this.container.startupProbe;
    const deadline = Date.now() + failureThreshold * periodSeconds * 1000;
    while (!(await this.probe("startupProbe"))) {
      if (!this.running) throw new Error(`the container ${await this.ended}: ${this.log}`);
      if (Date.now() > deadline) throw new Error(`the startup probe did not pass: ${this.log}`);
      await sleep(50);
    }
  }

  /** One probe, as a kubelet sends it. */
  async probe(which: "startupProbe" | "readinessProbe" | "livenessProbe"): Promise<boolean> {
    const { httpGet, timeoutSeconds } = this.container[which];
    const port = named(this.container.ports, httpGet.port, ({ name }) => name);
    if (httpGet.scheme !== "HTTP") throw new Error(`a probe by ${httpGet.scheme} is not known here`);
    try {
      const { status } = await this.world.send(`port-${port.containerPort}`, {
        path: httpGet.path,
        headers: { "user-agent": "kube-probe/1.35", connection: "close" },
        timeoutMs: timeoutSeconds * 1000,
      });
      return status >= 200 && status < 400;
    } catch {
      return false;
    }
  }

  /** As a kubelet: what is to be done before, the stop signal, and SIGKILL when the time is up. Resolves to how it ended. */
  async terminate(): Promise<string> {
    const { lifecycle } = this.container;
    const deadline = Date.now() + this.graceSeconds * 1000;
    const [command, ...args] = lifecycle?.preStop?.exec.command ?? [];
    if (command !== undefined) await promisify(execFile)(command, args);
    await this.runtime.stop(deadline - Date.now());
    return this.ended;
  }

  /** The stop signal alone, and no patience. */
  stop(): Promise<void> {
    return this.runtime.stop(2_000);
  }
}

interface VolumePlace {
  readonly folder: string;
  readonly fsGroup: number;
}

async function volume(
  { name, configMap, emptyDir }: Volume,
  configMaps: readonly ConfigMap[],
  { folder, fsGroup }: VolumePlace,
): Promise<object> {
  if (configMap !== undefined) {
    const source = join(folder, name);
    await writeVolume(
      source,
      named(configMaps, configMap.name, ({ metadata }) => metadata.name).data,
      configMap.defaultMode,
    );
    // Whatever the mount says: a kubelet mounts config maps read-only.
    return { source, readOnly: true };
  }
  if (emptyDir !== undefined) {
    // A folder for all, of the pod's group: 64Mi of it stand for the limit by which a kubelet evicts.
    return { source: null, mode: "2777", group: fsGroup, bytes: bytes(emptyDir.sizeLimit) };
  }
  throw new Error(`volume ${name} is of a kind that is not known here`);
}

/** The files of a config map as a kubelet lays them out: links to a folder that it can swap at once. */
async function writeVolume(
  folder: string,
  data: Readonly<Record<string, string>>,
  mode: number,
): Promise<void> {
  await mkdir(join(folder, "..data_1"), { recursive: true });
  await symlink("..data_1", join(folder, "..data"));
  for (const [file, text] of Object.entries(data)) {
    await writeFile(join(folder, "..data_1", file), text);
    await chmod(join(folder, "..data_1", file), mode);
    await symlink(join("..data", file), join(folder, file));
  }
}

function bytes(quantity: string): number {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  if (number === undefined) throw new Error(`${quantity} is a quantity that is not known here`);
  return Number(number) * 1024 ** (["Ki", "Mi", "Gi"].indexOf(unit ?? "") + 1);
}
