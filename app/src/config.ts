import { readFileSync } from "node:fs";

import { type Database, InvalidSecretError, parseDatabase, toPort } from "./database.js";
import { type Level, LEVELS } from "./log.js";

const NODE_ENVS = ["development", "test", "production"] as const;
const NAME = /^[a-z][a-z0-9-]{0,19}$/;
const ARN = /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):[0-9]{12}:secret:[\w/+=.@-]+$/;
const SECRET_NAME = /^[\w/+=.@-]{1,512}$/;
const SECRET_SOURCES = ["DATABASE_SECRET", "DATABASE_SECRET_FILE", "DATABASE_SECRET_ARN"] as const;
const LONGEST_SHUTDOWN = 120;

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the database is known from: nowhere, already, or from Secrets Manager. */
export type DatabaseSource =
  | { readonly kind: "none" }
  | { readonly kind: "given"; readonly database: Database }
  | { readonly kind: "secrets-manager"; readonly id: string; readonly region: string };

export interface Config {
  readonly project: string;
  readonly environment: string;
  readonly version: string | null;
  readonly image: string | null;
  readonly nodeEnv: (typeof NODE_ENVS)[number];
  readonly logLevel: Level;
  readonly port: number;
  readonly shutdownSeconds: number;
  readonly database: DatabaseSource;
}

export class ConfigurationError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join("; "));
    this.name = "ConfigurationError";
  }
}

/** Throws a ConfigurationError with everything that is wrong: nobody should have to start five times. */
export function readConfig(
  env: Environment,
  readText: (path: string) => string = (path) => readFileSync(path, "utf8"),
): Config {
  const reader = new Reader(env);
  const nodeEnv = reader.oneOf("NODE_ENV", NODE_ENVS, "development");
  const config: Config = {
    project: reader.name("PROJECT", "app"),
    environment: reader.name("ENVIRONMENT", "local"),
    version: reader.text("APP_VERSION") ?? null,
    image: reader.text("IMAGE") ?? null,
    nodeEnv,
    logLevel: reader.oneOf("LOG_LEVEL", LEVELS, nodeEnv === "development" ? "debug" : "info"),
    port: reader.port("PORT", 8080),
    shutdownSeconds: reader.seconds("SHUTDOWN_SECONDS", 25, LONGEST_SHUTDOWN),
    database: readDatabase(reader, readText),
  };
  if (reader.problems.length > 0) throw new ConfigurationError(reader.problems);
  return config;
}

class Reader {
  readonly problems: string[] = [];

  constructor(private readonly env: Environment) {}

  /** What is empty is not set: compose files and task definitions write empty strings for nothing. */
  text(name: string): string | undefined {
    return this.env[name] || undefined;
  }

  oneOf<T extends string>(name: string, allowed: readonly T[], usual: T): T {
    const text = this.text(name);
    return allowed.find((each) => each === (text ?? usual)) ?? this.wrong(name, `one of ${allowed.join(", ")}`, usual);
  }

  name(name: string, usual: string): string {
    const text = this.text(name) ?? usual;
    const wanted = "1 to 20 lower-case letters, digits or hyphens that start with a letter";
    return NAME.test(text) ? text : this.wrong(name, wanted, usual);
  }

  port(name: string, usual: number): number {
    const port = toPort(this.text(name) ?? usual);
    return Number.isNaN(port) ? this.wrong(name, "a number from 1 to 65535", usual) : port;
  }

  seconds(name: string, usual: number, most: number): number {
    const text = this.text(name) ?? String(usual);
    const seconds = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
    return seconds >= 1 && seconds <= most ? seconds : this.wrong(name, `a number from 1 to ${most}`, usual);
  }

  private wrong<T>(name: string, wanted: string, usual: T): T {
    this.problems.push(`${name} has to be ${wanted}, not ${JSON.stringify(this.text(name))}`);
    return usual;
  }
}

function readDatabase(reader: Reader, readText: (path: string) => string): DatabaseSource {
  const given = SECRET_SOURCES.filter((name) => reader.text(name) !== undefined);
  const [source] = given;
  if (source === undefined) return { kind: "none" };
  if (given.length > 1) {
    reader.problems.push(`only one of ${given.join(" and ")} may be set`);
    return { kind: "none" };
  }
  const value = reader.text(source) ?? "";
  if (source === "DATABASE_SECRET_ARN") return inSecretsManager(reader, value);
  try {
    return { kind: "given", database: parseDatabase(source === "DATABASE_SECRET" ? value : readText(value)) };
  } catch (error) {
    reader.problems.push(...reasons(error).map((reason) => `${source}: ${reason}`));
    return { kind: "none" };
  }
}

function inSecretsManager(reader: Reader, id: string): DatabaseSource {
  const region = ARN.exec(id)?.[1] ?? reader.text("AWS_REGION");
  if (!ARN.test(id) && !SECRET_NAME.test(id)) {
    reader.problems.push("DATABASE_SECRET_ARN has to be the ARN or the name of a secret in Secrets Manager");
  } else if (region === undefined) {
    reader.problems.push("DATABASE_SECRET_ARN is a name, so AWS_REGION has to be set");
  }
  return { kind: "secrets-manager", id, region: region ?? "" };
}

function reasons(error: unknown): readonly string[] {
  if (error instanceof InvalidSecretError) return error.problems;
  const code = (error as NodeJS.ErrnoException).code ?? "unknown";
  return [`the file can't be read (${code})`];
}
