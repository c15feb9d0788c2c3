import { consulPorts } from "../naming";
import { meshPaths } from "./node-settings";
import { fillPlaces, withoutComments } from "./places";

/** Where `consul-configure` puts the token that consul-template reads with. */
export const CONSUL_TEMPLATE_TOKEN = "/etc/skyline/consul-template.token";

export interface ConsulTemplateSettings {
  /** Address of the agent's API. */
  readonly consul: string;
  /** File with the token; empty: none. */
  readonly tokenFile: string;
  /** Folder of the mesh's programs and templates. */
  readonly code: string;
  readonly state: string;
  /** The node's `node.json`. */
  readonly node: string;
}

const INSTALLED: ConsulTemplateSettings = {
  consul: `127.0.0.1:${consulPorts.http}`,
  tokenFile: CONSUL_TEMPLATE_TOKEN,
  code: meshPaths.code,
  state: meshPaths.state,
  node: `${meshPaths.settings}/node.json`,
};

/**
 * Configuration of consul-template. It asks for the environment's name and the role by the variables
 * `SKYLINE_ENVIRONMENT` and `SKYLINE_ROLE`.
 *
 * @param template `mesh/node/consul-template.hcl`
 * @param settings those of a node that `images/` makes, unless there are others
 * @throws Error when the template has a place that nothing fills
 */
export function renderConsulTemplate(template: string, settings = INSTALLED): string {
  const { consul, tokenFile, code, state, node } = settings;
  const values = { CONSUL: consul, TOKEN_FILE: tokenFile, CODE: code, STATE: state, NODE: node };
  return fillPlaces(withoutComments(template), values, "consul-template's configuration");
}
