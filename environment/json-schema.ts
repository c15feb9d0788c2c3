import { z } from "zod";
import { environmentSchema } from "./schema";

/** JSON Schema of an environment file, for editors. `skyline env schema` prints it; environments/schema.json holds it. */
export function environmentJsonSchema(): object {
  return z.toJSONSchema(environmentSchema, { io: "input", target: "draft-7" });
}
