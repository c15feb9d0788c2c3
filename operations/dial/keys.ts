/** Keys of the dial in Consul's KV, as docs/contracts.md has them. */
export const dialKey = (environment: string) => `skyline/${environment}/dial`;
/** Below it each generation has its record. */
export const auditPrefix = (environment: string) => `skyline/${environment}/audit/dial/`;
export const lockKey = (environment: string) => `skyline/${environment}/lock`;
/** A ramp's own record; there is none while no ramp is on. */
export const rampKey = (environment: string) => `skyline/${environment}/ramp`;
