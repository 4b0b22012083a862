import { once } from "node:events";

import { type Config, ConfigurationError, readConfig } from "./config.js";
import type { Database } from "./database.js";
import { createLog, type Log } from "./log.js";
import { Readiness } from "./readiness.js";
import { fetchDatabase } from "./secretsManager.js";
import { createApp } from "./server.js";
import { drain } from "./shutdown.js";

// EX_CONFIG of sysexits.h: starting it again will not help.
const WRONG_CONFIGURATION = 78;

function configured(): Config | null {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    createLog("info").error("the configuration is wrong", { problems: error.problems });
    return null;
  } finally {
    // Nobody who comes later needs it there, least of all a diagnostic report.
    delete process.env["DATABASE_SECRET"];
  }
}

/** Until a signal comes. False if requests had to be cut off. */
async function serve(config: Config, log: Log): Promise<boolean> {
  const source = config.database;
  const readiness = new Readiness(source.kind === "secrets-manager" ? "the database secret is being loaded" : null);
  const stopped = new AbortController();
  const asked = Promise.race(["SIGTERM", "SIGINT"].map(async (name) => (await once(process, name), name)));

  const server = createApp(config, readiness, log).listen(config.port);
  await once(server, "listening");
  const { project, environment, version, image, nodeEnv: node_env, port } = config;
  log.info("listening", { project, environment, version, image, node_env, port, database: source.kind });
  if (source.kind === "given") use(source.database, log);
  if (source.kind === "secrets-manager") {
    void fetchDatabase(source, readiness, log, stopped.signal).then((database) => database && use(database, log));
  }

  const signal = await asked;
  readiness.stop();
  stopped.abort();
  const drained = drain(server, config.shutdownSeconds);
  log.info("shutting down", { signal, seconds: config.shutdownSeconds });
  const complete = await drained;
  if (complete) log.info("stopped");
  else log.error("stopped before all requests were finished");
  return complete;
}

/** Where a pool of connections would be opened. */
function use({ engine, host, port, dbname }: Database, log: Log): void {
  log.info("the database is known", { engine, host, port, dbname });
}

function fail(log: Log, error: unknown): never {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  log.error("failed", { error: name, reason: message, stack });
  process.exit(1);
}

const config = configured();
if (config === null) process.exit(WRONG_CONFIGURATION);
const log = createLog(config.logLevel);
process.on("uncaughtException", (error) => fail(log, error));
const complete = await serve(config, log);
// An unfinished call to AWS must not hold it back.
process.exit(complete ? 0 : 1);
