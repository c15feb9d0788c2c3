// Server-sent events by fetch: EventSource cannot send a header, and a token in the address would be in logs.

/**
 * Listens until the signal is aborted or the server ends.
 *
 * @param {string} token
 * @param {(name: string, data: any) => void} tell
 * @param {AbortSignal} signal
 * @throws {Refused} when the server answers and does not let us listen
 */
export async function listen(token, tell, signal) {
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch("/api/events", { headers, cache: "no-store", signal });
  if (!response.ok || response.body === null) throw new Refused(response.status);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let waiting = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (waiting + decoder.decode(value, { stream: true })).split("\n\n");
    waiting = events.pop() ?? "";
    for (const event of events) {
      const [, name = "", data = ""] = /^event: (.*)\ndata: (.*)$/.exec(event) ?? [];
      tell(name, JSON.parse(data));
    }
  }
}

export class Refused extends Error {
  /** @param {number} status */
  constructor(status) {
    super(`the server answered ${status}`);
    this.status = status;
  }
}

/**
 * Asks for an action, or with `dryRun` for what it would do.
 *
 * @param {string} token
 * @param {string} name
 * @param {object} body
 * @param {AbortSignal} [signal]
 * @returns {Promise<({ ok: true } & import("../actions").Outcome) | { ok: false, code: string, message: string, hint: string | null }>}
 */
export async function ask(token, name, body, signal) {
  try {
    const response = await fetch(`/api/actions/${name}`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    const message =
      "The page's server was lost. What was asked for may be done all the same: look at the log.";
    return { ok: false, code: "lost", message, hint: "skyline dial watch --open" };
  }
}
