export const USERNAME = "planted-username";
export const PASSWORD = "planted-password";

/** As Secrets Manager keeps it for RDS. */
export function secret(changes: Record<string, unknown> = {}): string {
  const fields = { engine: "postgres", host: "db.internal", port: 5432, dbname: "shop" };
  return JSON.stringify({ ...fields, username: USERNAME, password: PASSWORD, ...changes });
}
