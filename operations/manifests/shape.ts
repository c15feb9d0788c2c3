/**
 * How a part of Terraform's code becomes a part of a manifest. A field that no shape names is refused, so that nothing
 * is lost on the way.
 */
export type Field = (
  | {
      readonly type:
        | "text"
        | "boolean"
        /** `5043` and `"5043"` are the number 5043. */
        | "integer"
        /** A port or a limit: `"5043"` is a number, `"health"` and `"25%"` are not. */
        | "integer-or-text"
        /** A file's mode, which Terraform writes in octal: `"0444"` is 292. */
        | "octal"
        | "texts"
        | "integers"
        /** Keys are the user's own, and stay as they are. */
        | "map"
        /** Something between Terraform and its provider, of which the cluster knows nothing. */
        | "dropped";
    }
  | {
      /** One object, or a list of objects. */
      readonly type: "block" | "blocks";
      readonly fields: Fields;
    }
) & {
  /** Kubernetes' name, where it is not Terraform's in camelCase. */
  readonly as?: string;
};

/** Fields by Terraform's names. */
export type Fields = Readonly<Record<string, Field>>;

export const text: Field = { type: "text" };
export const boolean: Field = { type: "boolean" };
export const integer: Field = { type: "integer" };
export const integerOrText: Field = { type: "integer-or-text" };
export const octal: Field = { type: "octal" };
export const texts: Field = { type: "texts" };
export const integers: Field = { type: "integers" };
export const map: Field = { type: "map" };
export const dropped: Field = { type: "dropped" };

export const block = (fields: Fields): Field => ({ type: "block", fields });
export const blocks = (fields: Fields): Field => ({ type: "blocks", fields });
export const as = (name: string, field: Field): Field => ({ ...field, as: name });

/** Kubernetes' name of a field: `host_ip` that is said to be `hostIP`, or `match_labels` in camelCase. */
export const kubernetesName = (name: string, field: Field): string =>
  field.as ?? name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
