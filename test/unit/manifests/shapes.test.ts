import { resourceShapes } from "../../../operations/manifests/resource-shapes";
import type { Field, Fields } from "../../../operations/manifests/shape";
import { providerFields, type ProviderFields } from "./provider-schema";

/** What each type of ours is for the provider. That Kubernetes has the fields is tested against its API server. */
const PROVIDER_TYPES: Readonly<Record<Field["type"], readonly string[]>> = {
  text: ["string"],
  boolean: ["boolean"],
  integer: ["number", "string"],
  "integer-or-text": ["string"],
  octal: ["string"],
  texts: ["stringList"],
  integers: ["numberList"],
  map: ["stringMap"],
  // The provider takes lists where Kubernetes has but one; the converter refuses a second.
  block: ["block", "blocks"],
  blocks: ["blocks"],
  dropped: ["boolean", "block"],
};

/** Meta-arguments: Terraform's own, and no field of any provider. */
const META = ["depends_on", "lifecycle", "provider"];

function differences(ours: Fields, theirs: ProviderFields, path: string): string[] {
  return Object.entries(ours).flatMap(([name, field]) => {
    const at = `${path}.${name}`;
    const declared = theirs[name];
    if (declared === undefined) return META.includes(name) ? [] : [`${at} is no field of the provider`];
    if (!PROVIDER_TYPES[field.type].includes(declared.type))
      return [`${at}: ${field.type}, not ${declared.type}`];
    return "fields" in field ? differences(field.fields, declared.fields ?? {}, at) : [];
  });
}

test.each(Object.entries(resourceShapes))(
  "%s is as the Terraform provider declares it",
  (type, { fields }) => {
    const declared = providerFields(type);
    // `timeouts` is there for some resources alone.
    const { timeouts, ...others } = fields;
    expect(
      differences(
        declared.timeouts === undefined ? others : { ...others, timeouts: timeouts! },
        declared,
        type,
      ),
    ).toEqual([]);
  },
);
