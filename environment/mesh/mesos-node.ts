import { secretNames } from "../naming";
import { environmentFile, type NodeFile } from "../node-file";
import type { Environment } from "../schema";
import { asFile, CONSUL_FILE, CONSUL_PKI, CONSUL_USER, consulMesosNode } from "./consul-configuration";
import { renderConsulTemplate } from "./consul-template";
import { dataPlaneFile } from "./data-plane-file";
import { renderMesosNginx } from "./nginx";
import { meshPaths, mesosSettings, renderNodeSettings } from "./node-settings";

/**
 * The settings of an environment's Mesos nodes, as files: the same for all of them, and none of them secret. Ansible's
 * role `mesos-node` puts them onto a node.
 */
export function renderMesosNode({ environment, region, domain }: Environment): NodeFile[] {
  const mesh = (name: string, content: string) => ({ path: `${meshPaths.settings}/${name}`, content });
  return [
    {
      path: "/etc/skyline/node.env",
      content: environmentFile({
        AWS_REGION: region,
        AWS_DEFAULT_REGION: region,
        SKYLINE_ENVIRONMENT: environment,
        SKYLINE_ROLE: "mesos",
        SKYLINE_SECRETS: `${secretNames.consulMesos(environment)}:${CONSUL_PKI}:${CONSUL_USER}`,
      }),
    },
    { path: CONSUL_FILE, content: asFile(consulMesosNode({ environment, region })) },
    mesh("node.json", renderNodeSettings(mesosSettings(environment, domain))),
    mesh("nginx.conf", renderMesosNginx({ domain })),
    mesh("consul-template.hcl", renderConsulTemplate(dataPlaneFile("node/consul-template.hcl"))),
  ];
}
