import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { createServer } from "node:net";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const MAIN = new URL("../src/main.js", import.meta.url).pathname;
const LIMIT_MS = 15_000;

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** The service in a process of its own, which sees no variable but those it is given. */
export class Running {
  out = "";
  err = "";

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.out += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.err += text));
  }

  static async start(test: TestContext, env: Record<string, string> = {}, free?: number): Promise<Running> {
    const port = free ?? (await freePort());
    const child = spawn(process.execPath, [MAIN], { env: { PORT: String(port), ...env } });
    test.after(() => child.kill("SIGKILL"));
    return new Running(child, port);
  }

  static async listening(test: TestContext, env: Record<string, string> = {}): Promise<Running> {
    const running = await Running.start(test, env);
    await running.says("listening");
    return running;
  }

  get lines(): Record<string, unknown>[] {
    return this.out
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async says(message: string): Promise<Record<string, unknown>> {
    const find = () => this.lines.find((line) => line["message"] === message);
    await waitFor(() => find() !== undefined || this.child.exitCode !== null);
    const found = find();
    if (found === undefined) throw new Error(`it never said "${message}": ${this.out}${this.err}`);
    return found;
  }

  async ended(): Promise<number | null> {
    if (this.child.exitCode === null) await once(this.child, "close");
    return this.child.exitCode;
  }

  get(path: string, method = "GET"): Promise<Reply> {
    return ask(this.port, path, method);
  }
}

export async function ask(port: number, path: string, method = "GET"): Promise<Reply> {
  const asking = request({ port, path, method, host: "127.0.0.1", agent: false });
  asking.end();
  const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
  let text = "";
  for await (const piece of response.setEncoding("utf8")) text += piece as string;
  const body = text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  return { status: response.statusCode ?? 0, headers: response.headers, text, body };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

export async function waitFor(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error("it never happened");
    await pause(10);
  }
}
