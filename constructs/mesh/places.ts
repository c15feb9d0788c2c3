export { fillPlaces, sha256 } from "../../environment/mesh/places";
