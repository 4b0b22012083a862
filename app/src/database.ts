import { Secret } from "./secret.js";

/** How to reach the database, as Secrets Manager keeps it for RDS. */
export interface Database {
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly dbname: string;
  readonly username: Secret;
  readonly password: Secret;
}

/** Its problems name fields and never hold a value. */
export class InvalidSecretError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "InvalidSecretError";
  }
}

export function parseDatabase(text: string): Database {
  const fields = parseObject(text);
  const problems: string[] = [];
  const read = (name: string): string => {
    const value = fields[name];
    if (typeof value === "string" && value !== "") return value;
    problems.push(`${name} has to be a text that is not empty`);
    return "";
  };
  const database = {
    engine: read("engine"),
    host: read("host"),
    port: toPort(fields["port"]),
    dbname: read("dbname"),
    username: new Secret(read("username")),
    password: new Secret(read("password")),
  };
  if (Number.isNaN(database.port)) problems.push("port has to be a number from 1 to 65535");
  if (problems.length > 0) throw new InvalidSecretError(problems);
  return database;
}

/** NaN for what is no port. */
export function toPort(value: unknown): number {
  const text = String(value);
  const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? port : Number.NaN;
}

function parseObject(text: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // What JSON.parse says quotes the text.
    throw new InvalidSecretError(["it has to be JSON"]);
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new InvalidSecretError(["it has to be a JSON object"]);
  }
  return parsed as Record<string, unknown>;
}
