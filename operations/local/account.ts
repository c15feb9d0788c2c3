import type { Environment } from "../../environment/schema";
import { OperationFailure } from "../failure";
import { initPki } from "../pki/init";
import { makeBucket, type Emulator } from "./emulator";
import { clientOptions, type AwsAccess } from "./facts/access";

/** An image that nothing is booted from: the emulator launches instances in name alone. */
const EMULATED_IMAGE = "ami-0abcdef1234567890";

/** What a real account has before its first deploy. */
export interface Prepared {
  /** Parameters that hold the ids of images, which `images/` writes. */
  readonly images: number;
  /** Secrets that `skyline pki init` wrote. */
  readonly secrets: number;
}

/** Makes the emulated account what a real one is before its first deploy. */
export async function prepareAccount(
  emulator: Pick<Emulator, "aws">,
  access: AwsAccess,
  environment: Environment,
  signal: AbortSignal,
): Promise<Prepared> {
  if (environment.state !== undefined) {
    await makeBucket(emulator, environment.state.bucket);
  }
  const options = clientOptions(access, access.aws);
  const { PutParameterCommand, SSMClient } = await import("@aws-sdk/client-ssm");
  const ssm = new SSMClient(options);
  const images = imageParameters(environment);
  for (const Name of images) {
    await ssm.send(new PutParameterCommand({ Name, Type: "String", Value: EMULATED_IMAGE }));
  }
  const { outcomes } = await initPki(environment, { ...options, signal }).catch((error: unknown) => {
    // Its own hint speaks of going on later; this account ends with its emulator.
    throw signal.aborted ? new OperationFailure("interrupted", "skyline pki init was interrupted") : error;
  });
  return {
    images: images.length,
    secrets: outcomes.filter(({ kind, action }) => kind === "secret" && action === "created").length,
  };
}

/** Names of all SSM parameters from which the environment takes images. */
function imageParameters({ mesh, clusters }: Environment): string[] {
  const images = [mesh.consul.image, mesh.gateways.image];
  for (const cluster of Object.values(clusters)) {
    images.push(...Object.values(cluster.workers).flatMap(({ image }) => ("al2023" in image ? [] : [image])));
    if (cluster.kind === "self-managed") {
      images.push(cluster.etcd.image, cluster.controllers.image);
    }
  }
  return [...new Set(images.flatMap((image) => ("ssm" in image ? [image.ssm] : [])))];
}
