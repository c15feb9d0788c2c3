import { InvalidArgumentError } from "commander";

const MOST_SECONDS = 86_400;

/** Reads `90s`, `5m`, `2h`. @returns seconds */
export function duration(text: string): number {
  const [, count, unit = ""] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const value = Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
  if (!(value >= 1 && value <= MOST_SECONDS)) {
    throw new InvalidArgumentError("It is to be like 90s, 5m or 2h, from 1s to 24h.");
  }
  return value;
}
