import { normal, type Weights } from "./weights";

/**
 * The cluster that gateways pick, computed beforehand: NGINX' `split_clients` as `mesh/node/skyline_mesh/dial_maps.py` writes
 * it. A test compares it to the real NGINX.
 *
 * @param key the request's id, or the value that a service is sticky by; text is taken as UTF-8
 * @param weights whole numbers whose sum is 100
 * @returns undefined when no cluster has weight
 */
export function clusterOf(key: string | Uint8Array, weights: Weights): string | undefined {
  const hash = murmur2(typeof key === "string" ? Buffer.from(key) : key);
  const shares = Object.entries(normal(weights));
  let end = 0;
  const chosen = shares.slice(0, -1).find(([, weight]) => {
    end += Math.floor((weight * 0xffff_ffff) / 100);
    return hash < end;
  });
  // The last one has the rest.
  return (chosen ?? shares.at(-1))?.[0];
}

const M = 0x5bd1e995;

/** MurmurHash2 by Austin Appleby, 32 bits, with a seed of 0: `ngx_murmur_hash2`. */
function murmur2(data: Uint8Array): number {
  const byte = (at: number) => data[at] ?? 0;
  const whole = data.length - (data.length % 4);
  let hash = data.length;
  for (let at = 0; at < whole; at += 4) {
    let part = byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16) | (byte(at + 3) << 24);
    part = Math.imul(part, M);
    part = Math.imul(part ^ (part >>> 24), M);
    hash = Math.imul(hash, M) ^ part;
  }
  if (whole < data.length) {
    hash ^= byte(whole) | (byte(whole + 1) << 8) | (byte(whole + 2) << 16);
    hash = Math.imul(hash, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) >>> 0;
}
