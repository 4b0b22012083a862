// Compiles and starts again at each change in src. It looks instead of being told, because not every mounted folder tells.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

const LOOK_MS = 300;
const COMPILER = ["node_modules/typescript/bin/tsc", "--project", "tsconfig.build.json"];

function state() {
  const changed = (name) => statSync(`src/${name}`, { throwIfNoEntry: false })?.mtimeMs;
  return JSON.stringify(readdirSync("src", { recursive: true }).map((name) => [name, changed(name)]));
}

let service;
let seen;

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.on(signal, () => {
    service?.kill(signal);
    process.exit();
  });
}

for (;;) {
  const now = state();
  if (now !== seen && spawnSync(process.execPath, COMPILER, { stdio: "inherit" }).status === 0) {
    if (service?.exitCode === null && service.kill()) await once(service, "exit");
    service = spawn(process.execPath, ["dist/main.js"], { stdio: "inherit" });
  }
  seen = now;
  await pause(LOOK_MS);
}
