import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/**
 * Shows an address in the browser of whoever sits here. Arguments of a process can be read by every user of a machine, and
 * the address has a token: so the browser is given a file that only its owner may read, and which leads there.
 *
 * @param browser command that is given one address
 * @returns takes the file away
 * @throws Error when there is no such command, or it fails at once
 */
export async function openInBrowser(url: string, browser = defaultBrowser()): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "skyline-dial-"));
  const forget = () => rm(folder, { recursive: true, force: true });
  const file = join(folder, "dial.html");
  await writeFile(file, redirect(url), { mode: 0o600 });
  try {
    await start(browser, pathToFileURL(file).href);
    return forget;
  } catch (error) {
    await forget();
    throw error;
  }
}

const defaultBrowser = () => process.env.BROWSER || (process.platform === "darwin" ? "open" : "xdg-open");

const redirect = (url: string) =>
  `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}"><title>Dial</title>\n`;

/** Resolves when it has ended well, or runs on: some of them stay as long as their window does. */
function start(command: string, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [address], { stdio: "ignore", detached: true });
    const runs = setTimeout(resolve, SURE_MS);
    child.on("error", (error) => {
      clearTimeout(runs);
      reject(new Error(`${command} cannot be started: ${error.message}`));
    });
    child.on("exit", (code) => {
      clearTimeout(runs);
      if (code === 0) resolve();
      else reject(new Error(`${command} ended with ${code}`));
    });
    child.unref();
  });
}

/** A browser that has not failed by then has started. */
const SURE_MS = 2000;
