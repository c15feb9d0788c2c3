import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { loadEnvironment } from "../../environment/load";
import { stackNames } from "../../environment/naming";
import { BRIDGE_BACKEND } from "../../environment/stand-in";
import { manifestsOf } from "../../operations/manifests/manifests";
import { toYaml } from "../../operations/manifests/yaml";
import { PlatformStack } from "../../stacks/platform-stack";
import { synthesize } from "../../testing";
import { type Ended, type RunningCli, startCli } from "./cli";
import { ConsulServer } from "./consul-server";
import { type KubernetesCluster, startKubernetes } from "./kubernetes";
import type { KeyPair } from "./kubernetes-certificates";
import { Administrator } from "./kubernetes-users";
import { waitUntil } from "./process";

const ENVIRONMENT = join(__dirname, "..", "..", "environments", "development.yaml");
const NODES = 2;

export interface ServiceState {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly managedFields: readonly { readonly manager: string; readonly fieldsV1: object }[];
  };
  readonly spec: {
    readonly selector: Readonly<Record<string, string>>;
    readonly ports: readonly { readonly port: number; readonly targetPort: number | string }[];
  };
}

/**
 * A cluster with the development environment's platform, its bridge on each of two simulated nodes, and a Consul. The
 * Service `organization` stands for a Mesos service; the environment file names some more, which tests make.
 */
export class HandoverWorld {
  static async start(more: readonly string[]): Promise<HandoverWorld> {
    const directory = await mkdtemp(join(tmpdir(), "skyline-handover-"));
    const [cluster, consul] = await Promise.all([
      startKubernetes({ nodes: NODES }),
      ConsulServer.start("development"),
    ]);
    const world = new HandoverWorld(cluster, consul, directory);
    try {
      await cluster.apply(platformYaml());
      await world.writeEnvironments(["organization", ...more]);
      await world.writeKubeconfig("admin", {
        cert: await world.adminData("client-certificate-data"),
        key: await world.adminData("client-key-data"),
      });
      await world.follows(await world.bridges(), 5043);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  readonly kubernetes: Administrator;

  private constructor(
    readonly cluster: KubernetesCluster,
    readonly consul: ConsulServer,
    readonly directory: string,
  ) {
    this.kubernetes = new Administrator(cluster);
  }

  /** Runs the command to its end. */
  async handover(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
    return this.start(args, env).ended;
  }

  /** Starts it, with the administrator's kubeconfig unless another is named. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): RunningCli {
    const settings = {
      HOME: this.directory,
      KUBECONFIG: this.kubeconfig("admin"),
      ...this.consul.env,
      ...env,
    };
    const environment = args.includes("--env") ? [] : ["--env", "development"];
    return startCli(["mesh", "handover", ...args, ...environment], settings, this.directory);
  }

  service(name = "organization"): Promise<ServiceState> {
    return this.kubernetes.get<ServiceState>("service", name, "--show-managed-fields");
  }

  /** What it leads to, as `bridge` or `pods`; anything else as text. */
  async leadsTo(name = "organization"): Promise<string> {
    const { spec } = await this.service(name);
    const backend = JSON.stringify([spec.selector, spec.ports[0]?.targetPort]);
    if (backend === JSON.stringify([BRIDGE_BACKEND.selector, 5043])) return "bridge";
    return backend === JSON.stringify([{ "app.kubernetes.io/name": name }, 8080]) ? "pods" : backend;
  }

  bridges = () => this.addresses("app.kubernetes.io/name=skyline-bridge", NODES);

  /** Addresses of the pods with these labels, when there are so many. */
  addresses(labels: string, count: number): Promise<string[]> {
    return waitUntil(`${count} pods of ${labels} have addresses`, async () => {
      const pods = await this.kubernetes.list<{ status: { podIP?: string } }>("pods", "-l", labels);
      const found = pods.flatMap(({ status }) => status.podIP ?? []);
      if (found.length !== count) throw new Error(`${found.length} have`);
      return found.sort();
    });
  }

  /** The endpoints, as kube-proxy sees them. */
  async endpoints(name = "organization"): Promise<string[]> {
    const slices = await this.kubernetes.list<{
      endpoints?: { addresses: string[]; conditions: { ready?: boolean } }[];
      ports?: { port: number }[];
    }>("endpointslices", "-l", `kubernetes.io/service-name=${name}`);
    return slices
      .flatMap(({ endpoints, ports }) =>
        (endpoints ?? [])
          .filter(({ conditions }) => conditions.ready)
          .flatMap(({ addresses }) => addresses.map((address) => `${address}:${ports?.[0]?.port}`)),
      )
      .sort();
  }

  follows(addresses: readonly string[], port: number, name = "organization"): Promise<void> {
    return waitUntil("the endpoints follow", async () =>
      expect(await this.endpoints(name)).toEqual(addresses.map((address) => `${address}:${port}`)),
    );
  }

  /** Pods of a service, and the wait until they are Ready. */
  async deploy(name: string, replicas: number): Promise<string[]> {
    const labels = { "app.kubernetes.io/name": name };
    await this.cluster.apply(
      JSON.stringify({
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace: "default" },
        spec: { replicas, selector: { matchLabels: labels }, template: podTemplate(labels) },
      }),
    );
    await this.kubernetes.run("rollout", "status", `deployment/${name}`, "--timeout=60s");
    return this.addresses(`app.kubernetes.io/name=${name}`, replicas);
  }

  /** A pod of a service that no node takes: it stays Pending. */
  async strand(name: string): Promise<void> {
    const { spec, metadata } = podTemplate({ "app.kubernetes.io/name": name });
    await this.cluster.apply(
      JSON.stringify({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { ...metadata, name: `${name}-stranded`, namespace: "default" },
        spec: { ...spec, nodeSelector: { nowhere: "yes" } },
      }),
    );
  }

  kubeconfig(user: string): string {
    return join(this.directory, `${user}.kubeconfig`);
  }

  /** A kubeconfig with the contexts of the environment; `server` is the cluster's unless another is named. */
  async writeKubeconfig(user: string, pair: KeyPair, server = this.cluster.server): Promise<void> {
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const context = { cluster: "it", user: "it" };
    const authority = base64(await readFile(this.cluster.caFile, "utf8"));
    const config = {
      ...{ apiVersion: "v1", kind: "Config" },
      contexts: ["development", "development-bravo", "production"].map((name) => ({ name, context })),
      clusters: [{ name: "it", cluster: { server, "certificate-authority-data": authority } }],
      users: [
        {
          name: "it",
          user: { "client-certificate-data": base64(pair.cert), "client-key-data": base64(pair.key) },
        },
      ],
    };
    await writeFile(this.kubeconfig(user), JSON.stringify(config));
  }

  /** A kubectl that stops before its patch. `PATH` leads to it; `go()` lets it go on. */
  async gate(): Promise<Gate> {
    const folder = await mkdtemp(join(this.directory, "gate-"));
    const [reached, open] = [join(folder, "reached"), join(folder, "open")];
    const script = [
      "#!/bin/sh",
      `case " $* " in *" patch "*) echo $$ > ${reached}; while [ ! -e ${open} ]; do sleep 0.05; done;; esac`,
      `exec ${await realKubectl()} "$@"`,
      "",
    ].join("\n");
    const bin = join(folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "kubectl"), script);
    await chmod(join(bin, "kubectl"), 0o755);
    return {
      env: { PATH: `${bin}:${process.env.PATH}` },
      reached: () =>
        waitUntil("it is about to patch", async () => {
          const pid = Number(await readFile(reached, "utf8"));
          if (pid === 0) throw new Error("not yet");
          return pid;
        }),
      go: () => writeFile(open, ""),
    };
  }

  async stop(): Promise<void> {
    await Promise.all([this.cluster.stop(), this.consul.stop()]);
    await rm(this.directory, { recursive: true, force: true });
  }

  private async adminData(field: string): Promise<string> {
    const config = JSON.parse(await readFile(this.cluster.kubeconfig, "utf8")) as {
      users: { user: Record<string, string> }[];
    };
    return Buffer.from(config.users[0]?.user[field] ?? "", "base64").toString("utf8");
  }

  private async writeEnvironments(mesosServices: readonly string[]): Promise<void> {
    const folder = join(this.directory, "environments");
    await mkdir(folder);
    const text = await readFile(ENVIRONMENT, "utf8");
    for (const environment of ["development", "production"]) {
      const file = parse(text) as { mesh: object };
      const changed = { ...file, environment, mesh: { ...file.mesh, mesosServices } };
      await writeFile(join(folder, `${environment}.yaml`), stringify(changed));
    }
  }
}

export interface Gate {
  readonly env: NodeJS.ProcessEnv;
  /** Resolves to the process id of the kubectl that waits. */
  reached(): Promise<number>;
  go(): Promise<void>;
}

/** What the platform stack of the EKS cluster puts into it, and no other stack. */
function platformYaml(): string {
  const environment = loadEnvironment(ENVIRONMENT);
  const stacks = synthesize((app) => new PlatformStack(app, environment, "bravo"));
  const stack = stacks[stackNames.platform("development", "bravo")];
  if (stack === undefined) throw new Error("there is no platform stack of bravo");
  return toYaml(manifestsOf(stack.code));
}

async function realKubectl(): Promise<string> {
  const found = (process.env.PATH ?? "")
    .split(":")
    .map((folder) => join(folder, "kubectl"))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error("kubectl is not on PATH: install kubectl 1.32 or newer");
  return found;
}

const podTemplate = (labels: Readonly<Record<string, string>>) => ({
  metadata: { labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "it", image: "example/it:1", ports: [{ containerPort: 8080 }] }],
  },
});
