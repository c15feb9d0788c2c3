export { kubeDnsAddress, renderBridge, type BridgeSettings } from "../../environment/mesh/bridge-nginx";
