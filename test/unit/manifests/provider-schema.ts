import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** A field as the Terraform provider declares it. */
export interface ProviderField {
  /** `string`, `number`, `boolean`, `stringList`, `numberList`, `stringMap`, or `block` and `blocks`. */
  readonly type: string;
  readonly fields?: ProviderFields;
}
export type ProviderFields = Readonly<Record<string, ProviderField>>;

const LIBRARY = dirname(require.resolve("@cdktf/provider-kubernetes/package.json"));

/**
 * The schema of a resource of the Kubernetes provider, as read from what cdktf has generated of it.
 *
 * @param type Terraform's name: `kubernetes_daemon_set_v1`
 */
export function providerFields(type: string): ProviderFields {
  const folder = join(LIBRARY, "lib", type.replace(/^kubernetes_/, "").replaceAll("_", "-"));
  const structs = join(folder, "index-structs");
  const files = [
    join(folder, "index.js"),
    ...(existsSync(structs) ? readdirSync(structs).map((file) => join(structs, file)) : []),
  ].filter((file) => file.endsWith(".js"));
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const functions = new Map(
    [...text.matchAll(/^function (\w+ToHclTerraform)\(struct\) \{(.*?)^\}/gms)].map(
      ([, name = "", body = ""]) => [name, body],
    ),
  );
  const resource = /synthesizeHclAttributes\(\) \{(.*?)^ {4}\}/ms.exec(text)?.[1];
  if (resource === undefined) throw new Error(`${folder} is not as cdktf generates it`);
  return fieldsIn(resource, functions);
}

/** One entry of `attrs`: its name, how its value is made, and what that is. */
const ENTRY =
  /^ +(\w+): \{\s+value: (.*),\s+isBlock: (true|false),\s+type: "(\w+)",\s+storageClassType: "(\w+)",\s+\},$/gm;

function fieldsIn(body: string, functions: ReadonlyMap<string, string>): ProviderFields {
  return Object.fromEntries(
    [...body.matchAll(ENTRY)].map(
      ([, name = "", value = "", isBlock, , storage = ""]): [string, ProviderField] => {
        if (isBlock === "false") return [name, { type: storage }];
        const maker = /\b(\w+ToHclTerraform)\b/.exec(value)?.[1] ?? "";
        const struct = functions.get(maker);
        if (struct === undefined) throw new Error(`nothing makes ${name}`);
        const type = value.includes("listMapperHcl") ? "blocks" : "block";
        return [name, { type, fields: fieldsIn(struct, functions) }];
      },
    ),
  );
}
