import { type ApplyState, ENVIRONMENT, type MeshNode } from "./mesh-node";

/** An instance as Consul tells of it; tests put anything into it. */
export type RawInstance = Readonly<Record<string, unknown>>;

export interface RawCatalogue {
  readonly services?: Readonly<Record<string, readonly RawInstance[]>>;
  readonly workers?: readonly RawInstance[];
  readonly settings?: Readonly<Record<string, string>>;
  /** Text of the override's key. */
  readonly removal?: string;
  readonly more?: readonly unknown[];
}

export const instance = (host: number, port = 31000): RawInstance => ({
  node: `node-${host}`,
  address: `10.0.${host >> 8}.${host & 255}`,
  port,
  id: `id-${host}-${port}`,
});

export const worker = (host: number, cluster = "alpha"): RawInstance => ({
  node: `worker-${host}`,
  address: `10.1.${host >> 8}.${host & 255}`,
  port: 5041,
  cluster,
});

export const dial = (weights: Readonly<Record<string, unknown>>, generation: unknown = 1): string =>
  JSON.stringify({ generation, weights, by: "test", why: "test", at: "2026-01-01T00:00:00Z" });

export const removal = (services: readonly string[], seconds = 600): string =>
  JSON.stringify({
    services,
    by: "somebody",
    why: "moved to Kubernetes",
    expires: new Date(Date.now() + seconds * 1000).toISOString(),
  });

/** As many services with an instance each, `service-000` and on. */
export const services = (count: number): Record<string, RawInstance[]> =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `service-${String(index).padStart(3, "0")}`,
      [instance(1 + (index % 200), 31000 + Math.floor(index / 200))],
    ]),
  );

/** A file as catalogue.ctmpl makes it. */
export function catalogue(raw: RawCatalogue, environment = ENVIRONMENT): string {
  return jsonLines([
    { format: 1, environment },
    ...Object.entries(raw.services ?? {}).map(([service, instances]) => ({ service, instances })),
    { workers: raw.workers ?? [worker(1), worker(2)] },
    ...Object.entries(raw.settings ?? {}).map(([settings, value]) => ({ settings, value })),
    ...(raw.more ?? []),
    { removal: raw.removal ?? "" },
  ]);
}

/** Documents with the last line that tells their number. */
export const jsonLines = (documents: readonly unknown[]): string =>
  [...documents, { end: documents.length }].map((document) => `${JSON.stringify(document)}\n`).join("");

/** A file as dial.ctmpl makes it, of the text of the dial's key. */
export const dialFile = (text: string, environment = ENVIRONMENT): string =>
  jsonLines([{ format: 1, environment }, { dial: text }]);

/** A catalogue, and the text of the dial's key. */
export interface Staged extends RawCatalogue {
  readonly dial?: string;
}

/** Stages a catalogue and the dial, as consul-template does, and applies both. */
export function take(node: MeshNode, raw: Staged): Promise<ApplyState> {
  const { dial: key = dial({ alpha: 100 }), ...rest } = raw;
  node.stage(catalogue(rest));
  node.stageDial(dialFile(key));
  return node.apply();
}
