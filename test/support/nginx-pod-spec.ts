/** As much of a pod's specification as the bridge uses, with the defaults that the API server fills in. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes: readonly Volume[];
  readonly securityContext: PodSecurity;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds: number;
}

export interface PodSecurity {
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsNonRoot?: boolean;
  readonly fsGroup?: number;
  readonly seccompProfile?: { readonly type: string };
}

export interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: ContainerSecurity;
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
  readonly startupProbe: Probe;
  readonly readinessProbe: Probe;
  readonly livenessProbe: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly exec: { readonly command: readonly string[] } } };
}

export interface ContainerSecurity {
  readonly allowPrivilegeEscalation?: boolean;
  readonly privileged?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string; readonly scheme: string };
  readonly timeoutSeconds: number;
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}

export interface Volume {
  readonly name: string;
  readonly configMap?: { readonly name: string; readonly defaultMode: number };
  readonly emptyDir?: { readonly sizeLimit: string };
}

export interface ConfigMap {
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
}

/** Fields that say where a pod goes, how long it lives and what else the cluster does with it. */
const ELSEWHERE = {
  pod: [
    "dnsPolicy",
    "nodeSelector",
    "priorityClassName",
    "restartPolicy",
    "schedulerName",
    "serviceAccount",
    "serviceAccountName",
    "tolerations",
  ],
  container: ["image", "imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy"],
  port: ["hostIP", "hostPort", "protocol"],
  probe: ["successThreshold"],
};

const HERE = {
  pod: [
    "automountServiceAccountToken",
    "containers",
    "enableServiceLinks",
    "securityContext",
    "terminationGracePeriodSeconds",
    "volumes",
  ],
  podSecurity: ["fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile"],
  container: [
    "command",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "securityContext",
    "startupProbe",
    "volumeMounts",
  ],
  security: ["allowPrivilegeEscalation", "capabilities", "privileged", "readOnlyRootFilesystem"],
  mount: ["mountPath", "name", "readOnly"],
  port: ["containerPort", "name"],
  probe: ["failureThreshold", "httpGet", "periodSeconds", "timeoutSeconds"],
  // Of the nodes' own commands, for the container has none: sleep is the same in both.
  preStop: ["sleep"],
};

/**
 * Checks that a specification says nothing that {@link NginxPod} would pass over.
 * @throws Error that names the field
 */
export function checkPodSpec(spec: PodSpec): Container {
  const [container, ...more] = spec.containers;
  if (container === undefined || more.length > 0) throw new Error("one container is what is known here");
  allow("spec", spec, HERE.pod, ELSEWHERE.pod);
  allow("securityContext", spec.securityContext, HERE.podSecurity);
  allow("container", container, HERE.container, ELSEWHERE.container);
  allow("container's securityContext", container.securityContext, HERE.security);
  container.volumeMounts.forEach((mount) => allow("volumeMount", mount, HERE.mount));
  container.ports.forEach((port) => allow("port", port, HERE.port, ELSEWHERE.port));
  for (const probe of [container.startupProbe, container.readinessProbe, container.livenessProbe]) {
    allow("probe", probe, HERE.probe, ELSEWHERE.probe);
  }
  const [before, ...args] = container.lifecycle?.preStop?.exec.command ?? [];
  allow("lifecycle", container.lifecycle ?? {}, ["preStop"]);
  demand(
    before === undefined || HERE.preStop.includes(before),
    `${before} ${args.join(" ")} is not known here`,
  );
  demand(spec.automountServiceAccountToken === false, "a service account's token is not mounted here");
  demand(spec.enableServiceLinks === false, "the variables of service links are not set here");
  demand(container.securityContext.privileged === false, "a privileged container is not known here");
  const { add = [], drop } = container.securityContext.capabilities ?? {};
  demand(
    add.length === 0 && drop?.join() === "ALL",
    "capabilities are all dropped here, or the test is wrong",
  );
  const { runAsNonRoot, runAsUser } = spec.securityContext;
  demand(runAsNonRoot !== true || runAsUser !== 0, "a kubelet refuses user 0 with runAsNonRoot");
  return container;
}

/** The one that has this name. @throws Error when there is none */
export function named<T extends object>(items: readonly T[], name: string, nameOf: (item: T) => string): T {
  const found = items.find((item) => nameOf(item) === name);
  if (found === undefined) throw new Error(`none of ${items.map(nameOf).join(", ")} is ${name}`);
  return found;
}

function allow(what: string, value: object, ...known: readonly (readonly string[])[]): void {
  const unknown = Object.keys(value).filter((key) => !known.flat().includes(key));
  if (unknown.length > 0) throw new Error(`${what} has ${unknown.join(", ")}, which is not known here`);
}

function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
