import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { FakeAws } from "./fakeAws.js";
import { freePort, Running, waitFor } from "./running.js";
import { PASSWORD, secret, USERNAME } from "./samples.js";

const IMAGE = `111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop@sha256:${"a".repeat(64)}`;
const HEALTHCHECK = new URL("../src/healthcheck.js", import.meta.url).pathname;
const PATHS = ["/", "/health", "/ready", "/nothing"];

/** What anybody outside can see of it. */
async function seen(running: Running): Promise<string> {
  const replies = await Promise.all(PATHS.map((path) => running.get(path)));
  return running.out + running.err + replies.map((reply) => JSON.stringify(reply)).join();
}

function holdsNoSecret(text: string): void {
  for (const planted of [PASSWORD, USERNAME]) assert.ok(!text.includes(planted), text);
}

test("it says what and where it is", async (t) => {
  const running = await Running.listening(t, { PROJECT: "shop", ENVIRONMENT: "dev", APP_VERSION: "1.4", IMAGE });
  const { status, body, headers } = await running.get("/");
  assert.equal(status, 200);
  assert.deepEqual(body, { project: "shop", environment: "dev", version: "1.4", image: IMAGE });
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-content-type-options"], "nosniff");
});

test("it answers nothing else", async (t) => {
  const running = await Running.listening(t);
  assert.equal((await running.get("/nothing")).status, 404);
  assert.equal((await running.get("/constructor")).status, 404);
  const refused = await running.get("/", "POST");
  assert.deepEqual([refused.status, refused.headers["allow"]], [405, "GET, HEAD"]);
  assert.deepEqual([(await running.get("/health", "HEAD")).status, (await running.get("/health", "HEAD")).text], [200, ""]);
});

test("each line of its log is JSON with time, level and message, and no query is kept", async (t) => {
  const running = await Running.listening(t, { NODE_ENV: "production" });
  await running.get("/?token=planted-token");
  await running.get("/health");
  const line = await running.says("request");
  assert.deepEqual([line["level"], line["method"], line["path"], line["status"]], ["info", "GET", "/", 200]);
  for (const each of running.lines) {
    assert.ok(!Number.isNaN(Date.parse(String(each["time"]))));
    assert.ok(["debug", "info", "warn", "error"].includes(String(each["level"])));
  }
  assert.ok(!running.out.includes("planted-token"));
  assert.ok(!running.out.includes("/health"), "nobody wants to read that every ten seconds");
});

test("a configuration that is wrong ends it with 78, and one line says all of it", async (t) => {
  const running = await Running.start(t, { PORT: "http", LOG_LEVEL: "loud", DATABASE_SECRET: `{"password": "${PASSWORD}` });
  assert.equal(await running.ended(), 78);
  const [line, ...rest] = running.lines;
  assert.deepEqual(rest, []);
  assert.deepEqual([line?.["level"], line?.["message"]], ["error", "the configuration is wrong"]);
  assert.equal((line?.["problems"] as string[]).length, 3);
  holdsNoSecret(running.out + running.err);
});

test("a port that is taken ends it with 1", async (t) => {
  const first = await Running.listening(t);
  const second = await Running.start(t, {}, first.port);
  assert.equal(await second.ended(), 1);
  assert.match(String((await second.says("failed"))["reason"]), /EADDRINUSE/);
});

test("with a secret from ECS it is ready, and shows it nowhere", async (t) => {
  const running = await Running.listening(t, { LOG_LEVEL: "debug", DATABASE_SECRET: secret() });
  assert.deepEqual((await running.get("/ready")).body, { status: "ready" });
  const { engine, host, port, dbname } = await running.says("the database is known");
  assert.deepEqual([engine, host, port, dbname], ["postgres", "db.internal", 5432, "shop"]);
  holdsNoSecret(await seen(running));
});

test("a diagnostic report does not hold the secret from ECS", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "app-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const options = `--report-on-signal --report-directory=${folder} --report-filename=report.json`;
  const running = await Running.listening(t, { NODE_OPTIONS: options, DATABASE_SECRET: secret() });
  running.child.kill("SIGUSR2");
  await waitFor(() => running.err.includes("Node.js report completed"));
  const report = readFileSync(join(folder, "report.json"), "utf8");
  assert.ok(report.includes("NODE_OPTIONS"));
  holdsNoSecret(report);
});

test("with a secret in a mounted file it is ready, and shows it nowhere", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "app-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "database"), secret());
  const running = await Running.listening(t, { LOG_LEVEL: "debug", DATABASE_SECRET_FILE: join(folder, "database") });
  assert.equal((await running.get("/ready")).status, 200);
  holdsNoSecret(await seen(running));
});

test("a secret is fetched with the role of the task, and shown nowhere", async (t) => {
  const aws = await FakeAws.start(t);
  aws.secret = secret();
  const env = { ...aws.environment, LOG_LEVEL: "debug", DATABASE_SECRET_ARN: "shop/dev/database" };
  const running = await Running.listening(t, env);
  await running.says("the database is known");
  assert.equal((await running.get("/ready")).status, 200);
  assert.equal(aws.asked[0]?.id, "shop/dev/database");
  assert.match(aws.asked[0]?.signed ?? "", /Credential=ASIATASK\/\d+\/ap-northeast-1\/secretsmanager/);
  holdsNoSecret(await seen(running));
});

test("until a secret can be read it is healthy and not ready, and says why", async (t) => {
  const aws = await FakeAws.start(t);
  const env = { ...aws.environment, DATABASE_SECRET_ARN: "shop/dev/database" };
  const running = await Running.listening(t, env);
  assert.equal((await running.says("the database secret can't be loaded"))["reason"], "not authorized");
  assert.equal((await running.get("/health")).status, 200);
  const { status, body } = await running.get("/ready");
  assert.equal(status, 503);
  assert.deepEqual(body, {
    status: "not ready",
    reason: "the database secret can't be loaded (AccessDeniedException)",
  });
  aws.secret = secret();
  await waitFor(async () => (await running.get("/ready")).status === 200);
  holdsNoSecret(await seen(running));
});

test("a secret of the wrong shape is named by its fields", async (t) => {
  const aws = await FakeAws.start(t);
  aws.secret = secret({ host: "" });
  const running = await Running.listening(t, { ...aws.environment, DATABASE_SECRET_ARN: "shop/dev/database" });
  const line = await running.says("the database secret can't be loaded");
  assert.deepEqual([line["error"], line["reason"]], ["InvalidSecretError", "host has to be a text that is not empty"]);
  holdsNoSecret(await seen(running));
});

test("its own health check knows whether it runs", async (t) => {
  const running = await Running.listening(t);
  const check = (port: number) => spawnSync(process.execPath, [HEALTHCHECK], { env: { PORT: String(port) } }).status;
  assert.equal(check(running.port), 0);
  assert.equal(check(await freePort()), 1);
});
