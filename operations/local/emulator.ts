import { join } from "node:path";
import { packageRoot } from "../../environment/package-root";
import type { Environment } from "../../environment/schema";
import { isolated } from "../isolated";
import { freePort } from "../ports";
import { startProcess, waitUntilReady, type RunningProcess } from "../processes";

/** An AWS on loopback: moto for all services but EKS, ministack for EKS. */
export interface Emulator {
  /** URL of all services but EKS. */
  readonly aws: string;
  /** URL of EKS. */
  readonly eks: string;
  readonly processes: readonly RunningProcess[];
  stop(): Promise<void>;
}

export interface EmulatorOptions {
  /** Folder of the Python environment's programs. */
  readonly bin: string;
  /** Account that everything belongs to, 12 digits. */
  readonly account: string;
  /** Folder for logs and state. */
  readonly folder: string;
  /** An environment whose client networks are to exist, as on AWS they would. */
  readonly clientsOf?: Pick<Environment, "region" | "network">;
}

/** @throws OperationFailure when one of the two does not come up; none of them is left running then */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const [awsPort, eksPort] = [await freePort(), await freePort()];
  const env = isolated({ HOME: options.folder, PATH: process.env.PATH ?? "" });
  const moto = startProcess({
    name: "moto",
    command: join(options.bin, "python"),
    args: [emulatorFile("aws_emulator.py"), "-H", "127.0.0.1", "-p", String(awsPort)],
    env: {
      ...env,
      MOTO_ACCOUNT_ID: options.account,
      MOTO_IAM_LOAD_MANAGED_POLICIES: "true",
      ...clientNetworks(options),
    },
    cwd: options.folder,
    logFile: join(options.folder, "moto.log"),
  });
  const ministack = startProcess({
    name: "ministack",
    command: join(options.bin, "python"),
    args: [emulatorFile("eks_emulator.py")],
    env: {
      ...env,
      GATEWAY_PORT: String(eksPort),
      BIND_HOST: "127.0.0.1",
      MINISTACK_ACCOUNT_ID: options.account,
      PERSIST_STATE: "0",
      // Its IoT has a port of its own, the same in each.
      IOT_MTLS_ENABLED: "0",
      STATE_DIR: join(options.folder, "ministack"),
      // With a container engine it would start a k3s for each cluster, which nothing here asks for.
      DOCKER_HOST: "unix:///nonexistent",
    },
    cwd: options.folder,
    logFile: join(options.folder, "ministack.log"),
  });
  const processes = [moto, ministack];
  const stop = async () => {
    await Promise.all(processes.map((running) => running.stop()));
  };
  const aws = `http://127.0.0.1:${awsPort}`;
  const eks = `http://127.0.0.1:${eksPort}`;
  try {
    await Promise.all([
      waitUntilReady(moto, () => answers(`${aws}/moto-api/config`), 60_000),
      waitUntilReady(ministack, () => answers(`${eks}/_ministack/health`), 60_000),
    ]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { aws, eks, processes, stop };
}

const emulatorFile = (name: string) => join(packageRoot(), "tools", "python", name);

function clientNetworks({ account, clientsOf }: EmulatorOptions): { CLIENT_NETWORKS?: string } {
  if (clientsOf === undefined) {
    return {};
  }
  const { region, network } = clientsOf;
  return { CLIENT_NETWORKS: JSON.stringify({ account, region, networks: network.clients }) };
}

/** The state bucket of an environment, which a real account has from the start. */
export async function makeBucket(emulator: Pick<Emulator, "aws">, bucket: string): Promise<void> {
  const response = await fetch(`${emulator.aws}/${bucket}`, { method: "PUT" });
  if (!response.ok) {
    throw new Error(`the emulator answered ${response.status} to making bucket ${bucket}`);
  }
}

/** What Terraform and the AWS SDKs need to know to meet the emulator and nothing else. */
export function emulatorEnvironment(
  emulator: Pick<Emulator, "aws" | "eks">,
  account: string,
  region: string,
) {
  return {
    AWS_ENDPOINT_URL: emulator.aws,
    AWS_ENDPOINT_URL_EKS: emulator.eks,
    // Both emulators take an access key of 12 digits as the account.
    AWS_ACCESS_KEY_ID: account,
    AWS_SECRET_ACCESS_KEY: "emulated",
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}
