import { InvalidArgumentError } from "commander";

// What options are read by. Nothing is imported here that takes long to load.

/** Reads a whole number of an option. */
export const wholeNumber =
  (what: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is no ${what} from ${least} to ${most}.`);
    }
    return value;
  };

export const seconds = wholeNumber("number of seconds", 1, 86_400);

/**
 * Reads `90s`, `5m`, `2h`, between two bounds in seconds.
 *
 * @param like what it is to be, as the refusal says it
 * @returns seconds
 */
export const duration =
  (least: number, most: number, like: string) =>
  (text: string): number => {
    const [, count, unit = ""] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
    const value = Number(count) * ({ s: 1, m: 60, h: 3600 }[unit] ?? Number.NaN);
    if (!(value >= least && value <= most)) {
      throw new InvalidArgumentError(`It is to be like ${like}.`);
    }
    return value;
  };
