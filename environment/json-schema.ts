import { z } from "zod";
import { environmentSchema } from "./schema";

/** JSON Schema of an environment file, for editors: `npm run schema` writes it to environments/schema.json. */
export function environmentJsonSchema(): object {
  return z.toJSONSchema(environmentSchema, { io: "input", target: "draft-7" });
}
