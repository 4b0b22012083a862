import type { Server } from "node:http";

const LOOK_MS = 50;

/** Takes no new connections and lets requests finish. False if some had to be cut off. */
export async function drain(server: Server, seconds: number): Promise<boolean> {
  let complete = true;
  // A connection that becomes idle after close() would stay as long as keep-alive lets it.
  const look = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const limit = setTimeout(() => {
    complete = false;
    server.closeAllConnections();
  }, seconds * 1_000);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(look);
  clearTimeout(limit);
  return complete;
}
