/** A unit file: values by section and key, in order; a key may come several times. */
export type Unit = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Reads a unit file of plain syntax: no line that goes on in the next one. */
export function parseUnit(text: string): Unit {
  const unit: Record<string, Record<string, string[]>> = {};
  let section: Record<string, string[]> | undefined;
  for (const line of text.split("\n")) {
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) section = unit[name] ??= {};
    else if (key !== undefined && section !== undefined && !value.endsWith("\\"))
      (section[key] ??= []).push(value);
    else if (line !== "" && !line.startsWith("#")) throw new Error(`${line} is no line of a plain unit`);
  }
  return unit;
}

/** Words of all values of a key. */
export const words = (unit: Unit, section: string, key: string): string[] =>
  (unit[section]?.[key] ?? []).flatMap((value) => value.split(/\s+/)).filter((word) => word !== "");
