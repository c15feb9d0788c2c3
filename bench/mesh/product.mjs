// What of the built product this benchmark runs.
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);

/** Folder of the repository. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const built = (path) => require(`../../dist/${path}.js`);

export const { pythonEnvironment } = built("operations/local/python");
export const { pause, startProcess, waitUntilReady } = built("operations/processes");
export const { freePort } = built("operations/ports");
export const { reserve, release } = built("operations/mesh/network");
export const { MeshWorld } = built("operations/mesh/world");
export const { findBinaries } = built("operations/mesh/binaries");
export const { renderMesosNginx, renderGatewayNginx } = built("environment/mesh/nginx");
export const { renderBridge } = built("environment/mesh/bridge-nginx");
export const { dataPlaneFile } = built("environment/mesh/data-plane-file");
export const { ports, DENIED_SERVICE_NAMES } = built("environment/naming");
