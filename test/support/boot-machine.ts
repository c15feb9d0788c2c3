import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ManagedProcess } from "./process";

export interface MachineOptions {
  /** As its host name: a DNS label, and one of its kind while the world lives. */
  readonly name: string;
  /** Root of the image, which is only read. */
  readonly image: string;
  /** Name of its control group: the machine under this one has a single tree of them. */
  readonly group: string;
  /** An existing folder, for what it writes. */
  readonly folder: string;
  /** Files that the machine finds beside the image's: text by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Programs that stand for an artefact of the image: text by path. */
  readonly programs: Readonly<Record<string, string>>;
  /** Folders from outside, read only, by path. */
  readonly folders: Readonly<Record<string, string>>;
  /** Process whose network namespace has the bridge. */
  readonly hub: number;
  readonly link: string;
  readonly mac: string;
  readonly address: string;
  readonly prefix: number;
  readonly gateway: string;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine with systemd, which runs the units of its image as they are. It ends with this process. */
export class Machine {
  static async start(options: MachineOptions): Promise<Machine> {
    const { name, folder, image } = options;
    const layers = ["upper", "work", "root"].map((part) => join(folder, part));
    for (const layer of layers) mkdirSync(layer);
    const [upper = "", work = "", root = ""] = layers;
    const put = (path: string, text: string, mode: number) => {
      mkdirSync(join(upper, path, ".."), { recursive: true });
      writeFileSync(join(upper, path), text);
      chmodSync(join(upper, path), mode);
    };
    put("/etc/hostname", `${name}\n`, 0o644);
    // Empty: made on the first boot.
    put("/etc/machine-id", "", 0o444);
    for (const [path, text] of Object.entries(options.files)) put(path, text, 0o644);
    for (const [path, text] of Object.entries(options.programs)) put(path, text, 0o755);
    const script = join(__dirname, "boot-machine.sh");
    const { hub, link, mac, address, prefix, gateway } = options;
    const network = [String(hub), link, mac, `${address}/${prefix}`, gateway, name, options.group];
    const binds = Object.entries(options.folders).map(([path, from]) => {
      const to = join(root, path);
      return `mkdir -p '${to}'; mount --bind -o ro '${from}' '${to}'; `;
    });
    const overlay = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
    const mounts = `mount -t overlay -o '${overlay}' overlay '${root}'; ${binds.join("")}`;
    const holder = await ManagedProcess.start({
      name,
      command: "unshare",
      args: [
        ...["--mount", "--net", "--uts", "--ipc", "--", "sh", "-ec"],
        `${mounts}exec "$0" network "$@"`,
        ...[script, folder, ...network],
      ],
      logFile: join(folder, "console.log"),
    });
    const pid = await holder.ready(() => firstProcess(holder.pid));
    const machine = new Machine(name, folder, pid, options.group, holder);
    await holder.ready(() => machine.booted());
    await machine.follow();
    return machine;
  }

  private journal: ManagedProcess | undefined;

  private constructor(
    readonly name: string,
    private readonly folder: string,
    /** Its first process, as seen from outside. */
    readonly pid: number,
    private readonly group: string,
    private readonly holder: ManagedProcess,
  ) {}

  get running(): boolean {
    return this.holder.running;
  }

  /** Runs a program in the machine, as root and outside every unit. */
  async run(...command: string[]): Promise<Ran> {
    const enter = [
      "-t",
      String(this.pid),
      "--all",
      "--wdns=/",
      "--",
      "env",
      "-i",
      `PATH=${PATH}`,
      "HOME=/root",
    ];
    try {
      const options = { maxBuffer: 64 * 1024 * 1024 };
      const { stdout, stderr } = await promisify(execFile)("nsenter", [...enter, ...command], options);
      return { code: 0, stdout, stderr };
    } catch (error) {
      const { code, stdout = "", stderr = "", message } = error as Partial<Ran> & Error;
      return { code: typeof code === "number" ? code : 127, stdout, stderr: stderr || message };
    }
  }

  /** Standard output of a program that must succeed. */
  async read(...command: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...command);
    if (code !== 0)
      throw new Error(`${this.name}: ${command.join(" ")} exited with ${code}: ${stderr}${stdout}`);
    return stdout;
  }

  /** Runs user data as cloud-init does: once, as root, when the system is up. */
  async userData(text: string): Promise<void> {
    const script = "/var/lib/cloud/instance/scripts/part-001";
    await this.read("install", "-D", "-m", "0700", "/dev/null", script);
    await this.read("sh", "-ec", `printf %s "$1" >${script}`, "sh", text);
    await this.read("systemd-run", "--quiet", "--wait", "--collect", "--unit=cloud-final-script", script);
  }

  /** Rejects until the unit is active, with its state. */
  async active(unit: string): Promise<void> {
    const { stdout } = await this.run("systemctl", "is-active", unit);
    if (stdout.trim() !== "active") throw new Error(`${unit} of ${this.name} is ${stdout.trim()}`);
  }

  /** Units that have failed. */
  async failedUnits(): Promise<string[]> {
    const failed = await this.read("systemctl", "list-units", "--failed", "--plain", "--no-legend");
    // Debian's, for disks over a network: it loads a module of the kernel, which no machine may here.
    return failed.split("\n").filter((line) => !/^$|^nvmf-/.test(line));
  }

  /** The end of the journal, which outlives the machine. */
  log(lines = 60): string {
    const journal = this.journal?.lastLines(lines) ?? "";
    return `--- ${this.name}\n${this.holder.lastLines(5)}\n${journal}\n`;
  }

  /** Ends every process of the machine at once; nothing in it gets to know. */
  async kill(): Promise<void> {
    if (!this.running) return;
    // With its first process, all of the others end before the holder does.
    process.kill(this.pid, "SIGKILL");
    await this.holder.ended;
    await this.journal?.stop(0);
    await this.forgetControlGroup();
  }

  private async booted(): Promise<void> {
    const { stdout, stderr } = await this.run("systemctl", "is-system-running");
    const state = stdout.trim();
    if (state !== "running" && state !== "degraded") throw new Error(`systemd is ${state || stderr}`);
  }

  private async follow(): Promise<void> {
    const enter = ["-t", String(this.pid), "--all", "--wdns=/", "--"];
    this.journal = await ManagedProcess.start({
      name: `the journal of ${this.name}`,
      command: "nsenter",
      args: [
        ...enter,
        "journalctl",
        "--follow",
        "--lines=all",
        "--no-hostname",
        "--output=short-iso-precise",
      ],
      logFile: join(this.folder, "journal.log"),
    });
  }

  /** Empty once its processes have ended. */
  private async forgetControlGroup(): Promise<void> {
    const script = 'mount -t cgroup2 none "$1/groups" && find "$1/groups/$2" -depth -type d -exec rmdir {} +';
    const args = ["--mount", "--", "sh", "-ec", script, "sh", this.folder, this.group];
    await promisify(execFile)("unshare", args);
  }
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** systemd, the only child of the process that made its namespaces. */
async function firstProcess(holder: number): Promise<number> {
  const children = readFileSync(`/proc/${holder}/task/${holder}/children`, "utf8").trim().split(" ");
  const pid = Number(children[0]);
  const command =
    pid > 0 && existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, "utf8").trim() : "";
  if (command !== "systemd") throw new Error(`its first process is "${command}"`);
  return pid;
}
