import { setTimeout as pause } from "node:timers/promises";

import { type Database, parseDatabase } from "./database.js";
import type { Log } from "./log.js";
import type { Readiness } from "./readiness.js";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const CONNECTION_TIMEOUT_MS = 2_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** With the credentials that the SDK finds: in ECS those of the task role. */
async function fetchText(id: string, region: string, abortSignal: AbortSignal): Promise<string> {
  // Loaded here, because nobody else needs it.
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  const client = new SecretsManagerClient({
    region,
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      throwOnRequestTimeout: true,
    },
  });
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: id }), { abortSignal });
    return answer.SecretString ?? "";
  } finally {
    client.destroy();
  }
}

/**
 * Tries until it has the database or is told to stop. A right that has just been given takes some seconds to be true
 * everywhere, so that no answer of AWS is final.
 */
export async function fetchDatabase(
  source: { readonly id: string; readonly region: string },
  readiness: Readiness,
  log: Log,
  signal: AbortSignal,
): Promise<Database | null> {
  for (let wait = FIRST_PAUSE_MS; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE_MS)) {
    try {
      const database = parseDatabase(await fetchText(source.id, source.region, signal));
      log.info("the database secret is loaded", { secret: source.id });
      readiness.ready();
      return database;
    } catch (error) {
      if (signal.aborted) break;
      const { name, message } = error as Error;
      readiness.wait(`the database secret can't be loaded (${name})`);
      log.error("the database secret can't be loaded", { secret: source.id, error: name, reason: message, retry_ms: wait });
    }
    await pause(wait, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return null;
}
