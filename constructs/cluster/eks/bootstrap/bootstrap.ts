import type { ConsulAgentSettings } from "../../consul-agent/agent";
import { installConsul, startConsul } from "../../consul-agent/script";
import { multipart } from "./multipart";
import { renderFullNodeConfig, renderStockNodeConfig, type NodeSettings } from "./node-config";

export interface BootstrapSettings {
  /** Who made the image: `al2023` is EKS' stock one, `own` has the Consul agent in it. */
  readonly image: "al2023" | "own";
  readonly node: NodeSettings;
  readonly consul: ConsulAgentSettings;
}

/** User data of a worker, before base64: one form for each type of image. */
export function renderBootstrap(settings: BootstrapSettings): string {
  switch (settings.image) {
    case "al2023":
      return multipart([
        { type: "application/node.eks.aws", content: renderStockNodeConfig(settings.node) },
        { type: "text/x-shellscript", content: installConsul(settings.consul) },
      ]);
    case "own":
      return multipart([
        { type: "application/node.eks.aws", content: renderFullNodeConfig(settings.node) },
        { type: "text/x-shellscript", content: startConsul(settings.consul) },
      ]);
    default: {
      const unknown: never = settings.image;
      throw new Error(`no bootstrap for an image of type ${String(unknown)}`);
    }
  }
}
