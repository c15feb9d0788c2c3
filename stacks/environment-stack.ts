import { BaseStack } from "./base-stack";

/**
 * One of Skyline's own stacks. They read each other by published outputs alone, so cdktf's first pass over all values,
 * which makes outputs of references from stack to stack, has nothing to find: without it synth takes a fifth less.
 */
export abstract class EnvironmentStack extends BaseStack {
  override prepareStack(): void {
    this.ensureBackendExists();
  }
}
