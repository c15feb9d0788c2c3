// The services of all contenders: the same names and instances for each.

const WORDS = [
  "media",
  "organization",
  "billing",
  "search",
  "giphy",
  "mail-sender",
  "report",
  "audience-insights",
];

/** `number` names as a company has them, from 8 to 24 characters. */
export const serviceNames = (number) =>
  Array.from({ length: number }, (_, i) => `${WORDS[i % WORDS.length]}-${String(i).padStart(5, "0")}`);
