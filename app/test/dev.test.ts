import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { ask, freePort, waitFor } from "./running.js";

const APP = new URL("../../", import.meta.url).pathname;

test("in development a change of the source is seen, and a mistake in it is survived", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "app-"));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const name of ["package.json", "tsconfig.json", "tsconfig.build.json", "dev.js", "src"]) {
    cpSync(join(APP, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(APP, "node_modules"), join(folder, "node_modules"));
  const port = await freePort();
  const child = spawn(process.execPath, ["dev.js"], { cwd: folder, env: { PORT: String(port) } });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  t.after(() => child.kill("SIGKILL"));
  const source = join(folder, "src", "server.ts");
  const first = readFileSync(source, "utf8");
  const says = async (status: string) => {
    const saying = async () => (await ask(port, "/health").catch(() => null))?.body["status"] === status;
    await waitFor(saying);
  };

  await says("ok");
  writeFileSync(source, "no TypeScript at all");
  await waitFor(() => out.includes("error TS"));
  assert.equal((await ask(port, "/health")).body["status"], "ok");
  writeFileSync(source, first.replace('{ status: "ok" }', '{ status: "changed" }'));
  await says("changed");
  child.kill("SIGTERM");
  await once(child, "exit");
  await waitFor(() => ask(port, "/health").then(() => false, () => true));
});
