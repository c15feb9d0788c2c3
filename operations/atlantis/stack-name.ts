/**
 * Names of stacks that Atlantis plans: they become folders, words of shell commands and lines of comments. The longest
 * of Skyline's own is `<env>-platform-<cluster>`, 50 characters.
 */
export const STACK_NAME = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Where a stack's code lies in a clone: the folder of its project in Atlantis, relative to the repository. */
export const stackFolder = (stack: string) => `cdktf.out/stacks/${stack}`;
