import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

import type { Config } from "./config.js";
import type { Log } from "./log.js";
import type { Readiness } from "./readiness.js";

// Longer than the 60 s of a load balancer, which must not find a connection closed that it is about to use.
const KEEP_ALIVE_MS = 65_000;
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const LONGEST_LOGGED_PATH = 200;
const TRACE = /^[\w=;.:-]{1,200}$/;

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

type Routes = Readonly<Record<string, () => Answer>>;

export function createApp(config: Config, readiness: Readiness, log: Log): Server {
  const routes: Routes = {
    "/": () => ({ status: 200, body: about(config) }),
    "/health": () => ({ status: 200, body: { status: "ok" } }),
    "/ready": () => {
      const { reason } = readiness;
      return reason === null
        ? { status: 200, body: { status: "ready" } }
        : { status: 503, body: { status: "not ready", reason } };
    },
  };
  const server = createServer((request, response) => {
    const started = performance.now();
    const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
    const { status, body } = answer(routes, request.method, path);
    response.on("finish", () => logRequest(log, request, path, status, performance.now() - started));
    send(response, status, body, readiness.stopping);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  return server;
}

function about(config: Config): Answer["body"] {
  const { project, environment, version, image } = config;
  return { project, environment, version, image };
}

function answer(routes: Routes, method: string | undefined, path: string): Answer {
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { status: 404, body: { error: "not found" } };
  if (method !== "GET" && method !== "HEAD") return { status: 405, body: { error: "only GET and HEAD" } };
  return route();
}

function send(response: ServerResponse, status: number, body: Answer["body"], last: boolean): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(status === 405 && { allow: "GET, HEAD" }),
    ...(last && { connection: "close" }),
  });
  response.end(text);
}

/** Without the query: what people put there is theirs. */
function logRequest(log: Log, request: IncomingMessage, path: string, status: number, ms: number): void {
  const trace = request.headers["x-amzn-trace-id"];
  const quiet = status === 200 && (path === "/health" || path === "/ready");
  log[quiet ? "debug" : "info"]("request", {
    method: request.method,
    path: path.slice(0, LONGEST_LOGGED_PATH),
    status,
    ms: Math.round(ms * 10) / 10,
    ...(typeof trace === "string" && TRACE.test(trace) && { trace }),
  });
}
