/**
 * What NGINX gets for `-g`: it stays in the foreground, and its workers are who has started it. Started by root they would
 * be `nobody`, who can read and write nothing in the folder of a mesh.
 */
export const FOREGROUND = process.getuid?.() === 0 ? "daemon off; user root;" : "daemon off;";
