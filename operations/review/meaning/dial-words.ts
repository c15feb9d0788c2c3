import { counted } from "../../words";
import type { Cluster } from "../clusters";

/** What goes to a cluster, in words: `the dial sends it 40 points`. */
export const dialWords = ({ weight }: Cluster): string =>
  weight === null
    ? "what the dial sends it is not known here"
    : `the dial sends it ${weight === 0 ? "nothing" : counted(weight, "point")}`;
