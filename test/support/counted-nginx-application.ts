import { createServer, type Server } from "node:http";

/** Does what the paths say that come to it. */
export function applicationOfPaths(): Server {
  return createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://application");
    const [, , , what = "", argument = ""] = url.pathname.split("/");
    request.resume();
    if (what === "status") response.writeHead(Number(argument)).end();
    else if (what === "slow") setTimeout(() => response.end("slow\n"), Number(url.searchParams.get("ms")));
    else if (what === "events") {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).write("data: 1\n\n");
      setTimeout(() => response.end(), 300);
    } else if (what === "endless") response.write("on and on");
    else response.end("ok\n");
  });
}
