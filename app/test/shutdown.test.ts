import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { drain } from "../src/shutdown.js";
import { FakeAws } from "./fakeAws.js";
import { Running } from "./running.js";

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  test(`on ${signal} it ends at once where nobody waits`, async (t) => {
    const running = await Running.listening(t);
    running.child.kill(signal);
    assert.equal(await running.ended(), 0);
    assert.equal((await running.says("shutting down"))["signal"], signal);
    await running.says("stopped");
  });
}

test("a request that has begun is answered, and no other is taken", async (t) => {
  const running = await Running.listening(t);
  const begun = connect(running.port, "127.0.0.1");
  let answer = "";
  begun.setEncoding("utf8").on("data", (text: string) => (answer += text));
  begun.write("GET /ready HTTP/1.1\r\n");
  await pause(100);
  running.child.kill("SIGTERM");
  await running.says("shutting down");
  await assert.rejects(running.get("/health"), /ECONNREFUSED/);
  begun.write("Host: app\r\n\r\n");
  assert.equal(await running.ended(), 0);
  assert.match(answer, /^HTTP\/1\.1 503 /);
  assert.match(answer, /connection: close/i);
  assert.match(answer, /"reason":"shutting down"/);
});

test("a request that does not end is cut off after the time that is given", async (t) => {
  const running = await Running.listening(t, { SHUTDOWN_SECONDS: "1" });
  const begun = connect(running.port, "127.0.0.1").on("error", () => undefined);
  begun.write("GET / HTTP/1.1\r\n");
  await pause(100);
  const started = performance.now();
  running.child.kill("SIGTERM");
  assert.equal(await running.ended(), 1);
  assert.ok(performance.now() - started >= 900);
  await running.says("stopped before all requests were finished");
});

test("an unfinished call to AWS does not hold it back", async (t) => {
  const aws = await FakeAws.start(t);
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  t.after(() => (silent.close(), silent.closeAllConnections()));
  const address = silent.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const asked = once(silent, "request");
  const env = { ...aws.environment, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, DATABASE_SECRET_ARN: "shop" };
  const running = await Running.listening(t, env);
  await asked;
  const started = performance.now();
  running.child.kill("SIGTERM");
  assert.equal(await running.ended(), 0);
  assert.ok(performance.now() - started < 2_000);
});

test("a connection that is kept alive is closed once its answer is out", async (t) => {
  const server = createServer((_, response) => setTimeout(() => response.end("late"), 300)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const agent = new Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  const asking = get({ port, host: "127.0.0.1", agent });
  await once(server, "request");
  const started = performance.now();
  const drained = drain(server, 20);
  const [response] = (await once(asking, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  assert.equal(await drained, true);
  assert.equal(response.statusCode, 200);
  assert.ok(performance.now() - started < 2_000);
});
