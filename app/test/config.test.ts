import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import { type Config, ConfigurationError, type Environment, readConfig } from "../src/config.js";
import { PASSWORD, secret, USERNAME } from "./samples.js";

const ARN = "arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop/prod/database-AbCdEf";

function problems(env: Environment, readText?: (path: string) => string): readonly string[] {
  try {
    readConfig(env, readText);
  } catch (error) {
    assert.ok(error instanceof ConfigurationError);
    return error.problems;
  }
  return [];
}

test("nothing has to be set", () => {
  assert.deepEqual(readConfig({}), {
    project: "app",
    environment: "local",
    version: null,
    image: null,
    nodeEnv: "development",
    logLevel: "debug",
    port: 8080,
    shutdownSeconds: 25,
    database: { kind: "none" },
  });
});

const READ: readonly [string, Environment, Partial<Config>][] = [
  ["outside development the log is quieter", { NODE_ENV: "production" }, { logLevel: "info" }],
  ["the level of the log is chosen", { NODE_ENV: "production", LOG_LEVEL: "debug" }, { logLevel: "debug" }],
  ["the port is chosen", { PORT: "65535" }, { port: 65535 }],
  ["what is empty is not set", { PORT: "", LOG_LEVEL: "", DATABASE_SECRET: "" }, { port: 8080, logLevel: "debug" }],
  ["the names are taken", { PROJECT: "shop", ENVIRONMENT: "prod" }, { project: "shop", environment: "prod" }],
  ["the shutdown is bounded", { SHUTDOWN_SECONDS: "120" }, { shutdownSeconds: 120 }],
  ["image and version are as they are given", { IMAGE: "a@b", APP_VERSION: "1" }, { image: "a@b", version: "1" }],
  [
    "an ARN brings its region",
    { DATABASE_SECRET_ARN: ARN, AWS_REGION: "us-east-1" },
    { database: { kind: "secrets-manager", id: ARN, region: "eu-west-1" } },
  ],
  [
    "a name takes the region of the task",
    { DATABASE_SECRET_ARN: "shop/prod/database", AWS_REGION: "us-east-1" },
    { database: { kind: "secrets-manager", id: "shop/prod/database", region: "us-east-1" } },
  ],
];

for (const [sentence, env, expected] of READ) {
  test(sentence, () => {
    const config = readConfig(env);
    assert.deepEqual({ ...config, ...expected }, config);
  });
}

const REFUSED: readonly [string, Environment, string][] = [
  ["a port is a number", { PORT: "http" }, 'PORT has to be a number from 1 to 65535, not "http"'],
  ["a port is not 0", { PORT: "0" }, 'PORT has to be a number from 1 to 65535, not "0"'],
  ["a port is not too large", { PORT: "65536" }, 'PORT has to be a number from 1 to 65535, not "65536"'],
  ["a port has no sign", { PORT: "+80" }, 'PORT has to be a number from 1 to 65535, not "+80"'],
  ["a level is known", { LOG_LEVEL: "loud" }, 'LOG_LEVEL has to be one of debug, info, warn, error, not "loud"'],
  ["NODE_ENV is known", { NODE_ENV: "prod" }, 'NODE_ENV has to be one of development, test, production, not "prod"'],
  [
    "a project is a name",
    { PROJECT: "My Shop" },
    'PROJECT has to be 1 to 20 lower-case letters, digits or hyphens that start with a letter, not "My Shop"',
  ],
  ["a shutdown ends", { SHUTDOWN_SECONDS: "121" }, 'SHUTDOWN_SECONDS has to be a number from 1 to 120, not "121"'],
  ["a shutdown has a while", { SHUTDOWN_SECONDS: "0" }, 'SHUTDOWN_SECONDS has to be a number from 1 to 120, not "0"'],
  [
    "there is one source of a secret",
    { DATABASE_SECRET: secret(), DATABASE_SECRET_ARN: ARN },
    "only one of DATABASE_SECRET and DATABASE_SECRET_ARN may be set",
  ],
  [
    "a name needs a region",
    { DATABASE_SECRET_ARN: "shop/database" },
    "DATABASE_SECRET_ARN is a name, so AWS_REGION has to be set",
  ],
  [
    "another ARN is no secret",
    { DATABASE_SECRET_ARN: "arn:aws:s3:::shop", AWS_REGION: "us-east-1" },
    "DATABASE_SECRET_ARN has to be the ARN or the name of a secret in Secrets Manager",
  ],
  ["a secret is JSON", { DATABASE_SECRET: PASSWORD }, "DATABASE_SECRET: it has to be JSON"],
  ["a secret is an object", { DATABASE_SECRET: `["${PASSWORD}"]` }, "DATABASE_SECRET: it has to be a JSON object"],
  [
    "a secret has a password",
    { DATABASE_SECRET: secret({ password: "" }) },
    "DATABASE_SECRET: password has to be a text that is not empty",
  ],
  [
    "a secret has a port",
    { DATABASE_SECRET: secret({ port: PASSWORD }) },
    "DATABASE_SECRET: port has to be a number from 1 to 65535",
  ],
];

for (const [sentence, env, problem] of REFUSED) {
  test(sentence, () => {
    assert.deepEqual(problems(env), [problem]);
  });
}

test("everything that is wrong is said at once", () => {
  const wrong = { PORT: "x", LOG_LEVEL: "x", NODE_ENV: "x", PROJECT: "-", ENVIRONMENT: "-", SHUTDOWN_SECONDS: "x" };
  const found = problems({ ...wrong, DATABASE_SECRET: JSON.stringify({ password: PASSWORD }) });
  assert.equal(found.length, Object.keys(wrong).length + 5);
  assert.ok(!found.join().includes(PASSWORD));
});

for (const port of [5432, "5432"]) {
  test(`a secret with the port as a ${typeof port} is read from the environment`, () => {
    const { database } = readConfig({ DATABASE_SECRET: secret({ port }) });
    assert.ok(database.kind === "given");
    const { username, password, ...rest } = database.database;
    assert.deepEqual(rest, { engine: "postgres", host: "db.internal", port: 5432, dbname: "shop" });
    assert.deepEqual([username.reveal(), password.reveal()], [USERNAME, PASSWORD]);
  });
}

test("a secret is read from a mounted file", () => {
  const { database } = readConfig({ DATABASE_SECRET_FILE: "/run/secrets/database" }, (path) => {
    assert.equal(path, "/run/secrets/database");
    return secret();
  });
  assert.ok(database.kind === "given");
  assert.equal(database.database.password.reveal(), PASSWORD);
});

test("a file that is not there is named by its variable and its cause", () => {
  assert.deepEqual(problems({ DATABASE_SECRET_FILE: "/nowhere" }), [
    "DATABASE_SECRET_FILE: the file can't be read (ENOENT)",
  ]);
});

test("a configuration that somebody prints holds no secret", () => {
  const config = readConfig({ DATABASE_SECRET: secret() });
  for (const text of [JSON.stringify(config), inspect(config, { depth: 9, showHidden: true }), `${Object.values(config)}`]) {
    assert.ok(!text.includes(PASSWORD) && !text.includes(USERNAME), text);
  }
});
