// How figures and times are written. A dash stands for what nobody knows: never a zero.

export const UNKNOWN = "–";

/** @param {number | null | undefined} part 0 to 1 */
export function percent(part) {
  if (part === null || part === undefined) return UNKNOWN;
  const points = part * 100;
  // A share of 99.97 % is not all, and one of 0.03 % is not nothing.
  if (points > 0 && points < 0.1) return "< 0.1 %";
  if (points < 100 && points > 99.9) return "> 99.9 %";
  return `${points === 0 || points === 100 ? points : points.toFixed(1)} %`;
}

/** As few digits as it takes: of an axis, or a weight. @param {number} part 0 to 1 */
export const points = (part) => `${Number((part * 100).toFixed(2))} %`;

/** @param {number | null | undefined} perSecond */
export const rate = (perSecond) =>
  perSecond === null || perSecond === undefined
    ? UNKNOWN
    : `${perSecond.toFixed(perSecond < 100 ? 1 : 0)} /s`;

/** @param {number | null | undefined} seconds */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  return seconds < 1 ? `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(2)} s`;
}

/** `90` is `1 min 30 s`. @param {number} seconds */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const parts = [
    [hours, "h"],
    [minutes, "min"],
    [rest, "s"],
  ].filter(([count]) => count !== 0);
  return parts.length === 0
    ? "0 s"
    : parts
        .slice(0, 2)
        .map(([count, unit]) => `${count} ${unit}`)
        .join(" ");
}

/** In the time of whoever looks; the day only when it is another one. @param {string | number} at */
export function time(at) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const two = (/** @type {number} */ count) => String(count).padStart(2, "0");
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return date.toDateString() === new Date().toDateString() ? clock : `${day} ${clock}`;
}

/** `alpha 75, bravo 25`. @param {Readonly<Record<string, number>> | null | undefined} shares */
export function weights(shares) {
  if (shares === null || shares === undefined) return UNKNOWN;
  const parts = Object.entries(shares).filter(([, weight]) => weight > 0);
  return parts.length === 0 ? "nobody" : parts.map(([name, weight]) => `${name} ${weight}`).join(", ");
}

/** A cluster that is not named has none. @param {Readonly<Record<string, number>>} shares @param {string} name */
export const weightOf = (shares, name) => (Object.hasOwn(shares, name) ? (shares[name] ?? 0) : 0);

/** What changes: `alpha 100 → 75, bravo 0 → 25`. @param {Readonly<Record<string, number>>} before @param {Readonly<Record<string, number>>} after */
export function difference(before, after) {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => weightOf(before, name) !== weightOf(after, name))
    .map((name) => `${name} ${weightOf(before, name)} → ${weightOf(after, name)}`)
    .join(", ");
}

/** @param {string} text */
export const sentence = (text) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
