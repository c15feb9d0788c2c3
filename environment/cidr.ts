import ipaddr from "ipaddr.js";

/** An IPv4 network in CIDR notation, taken apart. */
export interface Cidr {
  readonly text: string;
  /** The network's first address as an unsigned 32-bit number. */
  readonly first: number;
  /** Length of the network prefix, 0 to 32. */
  readonly prefix: number;
}

const toNumber = (octets: readonly number[]): number => octets.reduce((sum, octet) => sum * 256 + octet, 0);

const toText = (address: number): string =>
  [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

const size = (prefix: number): number => 2 ** (32 - prefix);

/**
 * Reads `10.10.0.0/16`. IPv4 only: the mesh, the dial and the bridge address nodes by IPv4.
 *
 * @returns the network, or a sentence that says what is wrong with the text
 */
export function parseCidr(text: string): Cidr | string {
  if (!/^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/.test(text) || !ipaddr.IPv4.isValidCIDR(text)) {
    return `${JSON.stringify(text)} is no IPv4 network in CIDR notation; write it like 10.10.0.0/16`;
  }
  const [address, prefix] = ipaddr.IPv4.parseCIDR(text);
  const given = toNumber(address.octets);
  const first = given - (given % size(prefix));
  if (first !== given) {
    return `${text} has host bits set; the network is ${toText(first)}/${prefix}`;
  }
  return { text, first, prefix };
}

/** {@link parseCidr} for text that was checked before. @throws Error when it was not */
export function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (typeof parsed === "string") {
    throw new Error(parsed);
  }
  return parsed;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first < b.first + size(b.prefix) && b.first < a.first + size(a.prefix);
}

/** The `index`th network of length `prefix` inside `network`. @throws RangeError when it lies outside */
export function subnet(network: Cidr, prefix: number, index: number): string {
  const first = network.first + index * size(prefix);
  if (prefix < network.prefix || prefix > 32 || index < 0 || first >= network.first + size(network.prefix)) {
    throw new RangeError(`network ${index} of length /${prefix} is outside ${network.text}`);
  }
  return `${toText(first)}/${prefix}`;
}

/** The `index`th address of a network: `hostAddress(cidr("172.20.0.0/16"), 10)` is `172.20.0.10`. */
export function hostAddress(network: Cidr, index: number): string {
  if (index < 0 || index >= size(network.prefix)) {
    throw new RangeError(`address ${index} is outside ${network.text}`);
  }
  return toText(network.first + index);
}
