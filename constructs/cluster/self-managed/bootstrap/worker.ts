import { imageBinary } from "../../../../environment/image-contract";
import { CONSUL_FILE, CONSUL_USER } from "../../../../environment/mesh/consul-configuration";
import { renderConsulAgent } from "../../consul-agent/agent";
import { consulAgentSecret } from "../../consul-agent/script";
import { renderContainerd } from "./containerd";
import {
  CREDENTIAL_PROVIDERS,
  KUBELET_BOOTSTRAP,
  KUBELET_CONFIGURATION,
  renderCredentialProviders,
  renderKubeletBootstrap,
  renderKubeletConfiguration,
  renderKubeletFlags,
  WORKER_AUTHORITY,
} from "./kubelet";
import { leaveVariables, nodeVariables } from "./node-variables";
import type { WorkerSettings } from "./settings";
import { userDataScript } from "./user-data-script";

/** User data of a worker: a bash script, before base64. */
export function renderWorker(worker: WorkerSettings): string {
  const consul = { environment: worker.environment, region: worker.region, clusterName: worker.cluster };
  return userDataScript({
    role: "worker",
    node: {
      ...nodeVariables("worker", worker, [consulAgentSecret(worker.environment)]),
      ...leaveVariables(worker),
      SKYLINE_LAUNCH_HOOK: worker.launchHook,
    },
    files: [
      { path: WORKER_AUTHORITY, content: `${worker.certificateAuthority}\n`, decode: true },
      { path: KUBELET_CONFIGURATION, mode: "0600", content: renderKubeletConfiguration(worker) },
      {
        path: KUBELET_BOOTSTRAP,
        mode: "0600",
        content: renderKubeletBootstrap(worker, imageBinary("worker", "aws-iam-authenticator")),
      },
      { path: CREDENTIAL_PROVIDERS, mode: "0600", content: renderCredentialProviders() },
      {
        path: "/etc/kubernetes/kubelet.env",
        mode: "0600",
        content: renderKubeletFlags(worker, imageBinary("worker", "ecr-credential-provider")),
      },
      { path: "/etc/containerd/config.toml", content: renderContainerd() },
      {
        path: CONSUL_FILE,
        owner: `${CONSUL_USER}:${CONSUL_USER}`,
        mode: "0640",
        content: renderConsulAgent(consul),
      },
    ],
  });
}
