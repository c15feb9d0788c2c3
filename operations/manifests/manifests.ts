import { OperationFailure } from "../failure";
import { Converter } from "./convert";
import { resourceShapes, type ResourceShape } from "./resource-shapes";

/** A Kubernetes object. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Parts of Terraform's code that make nothing in a cluster. */
const WITHOUT_OBJECTS = ["//", "terraform", "provider", "data", "variable", "locals", "output"];

/**
 * The Kubernetes objects that Terraform's code would make, in the order in which a cluster needs them.
 *
 * @param code a stack's `cdk.tf.json`
 * @throws OperationFailure that names address and field of everything that no manifest can say
 */
export function manifestsOf(code: Readonly<Record<string, unknown>>): Manifest[] {
  const problems = Object.keys(code)
    .filter((part) => part !== "resource" && !WITHOUT_OBJECTS.includes(part))
    .map((part) => `${part}: may make objects that skyline manifests cannot see`);
  const manifests: Manifest[] = [];
  for (const [type, named] of Object.entries((code.resource ?? {}) as Record<string, object>)) {
    const shape = resourceShapes[type];
    if (shape === undefined) {
      const addresses = Object.keys(named).map((name) => `${type}.${name}`);
      problems.push(...addresses.map((address) => `${address}: ${unknownType(type)}`));
      continue;
    }
    for (const [name, resource] of Object.entries(named)) {
      const converter = new Converter();
      manifests.push(manifestOf(resource, shape, converter));
      problems.push(...converter.problems.map(({ path, message }) => `${type}.${name} ${path}: ${message}`));
    }
  }
  if (problems.length > 0) {
    throw new OperationFailure("invalid", problems.join("\n"));
  }
  return manifests.sort(inOrder);
}

function manifestOf(resource: unknown, shape: ResourceShape, converter: Converter): Manifest {
  const { metadata = {}, ...rest } = converter.fields(resource, shape.fields) as Partial<Manifest>;
  const { name = "", namespace, ...others } = metadata as Partial<Manifest["metadata"]>;
  if (name === "") {
    converter.problems.push({
      path: "metadata.name",
      message: "is missing; a name is what an apply goes by",
    });
  }
  return {
    apiVersion: shape.apiVersion,
    kind: shape.kind,
    // Terraform takes a missing namespace for `default`, and kubectl for the one of its context.
    metadata: { name, ...(shape.namespaced ? { namespace: namespace ?? "default" } : {}), ...others },
    ...rest,
  };
}

function unknownType(type: string): string {
  const newer = `${type}_v1`;
  return newer in resourceShapes
    ? `is of a type that skyline manifests does not know; use ${newer}`
    : "is of a type that skyline manifests does not know";
}

const kinds = Object.values(resourceShapes).map(({ kind }) => kind);

function inOrder(a: Manifest, b: Manifest): number {
  const place = ({ kind, metadata }: Manifest) =>
    [kinds.indexOf(kind), metadata.namespace ?? "", metadata.name] as const;
  const [kindA, ...restA] = place(a);
  const [kindB, ...restB] = place(b);
  return kindA - kindB || compare(restA.join("/"), restB.join("/"));
}

/** By code units: the order does not hang on the reader's language. */
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
