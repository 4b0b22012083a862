import { once } from "node:events";
import { createServer } from "node:http";
import type { TestContext } from "node:test";

const TOKEN = "a-token-for-the-task-role";

/** Secrets Manager and the credentials of a task role, on loopback. */
export class FakeAws {
  readonly asked: { readonly id: string; readonly signed: string }[] = [];
  /** Null lets nobody read. */
  secret: string | null = null;
  port = 0;

  static async start(test: TestContext): Promise<FakeAws> {
    const fake = new FakeAws();
    const server = createServer(async (request, response) => {
      let text = "";
      for await (const piece of request.setEncoding("utf8")) text += piece as string;
      const { status, body } = fake.#answer(request.url ?? "", request.headers, text);
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    test.after(() => (server.close(), server.closeAllConnections()));
    const address = server.address();
    if (typeof address === "object" && address !== null) fake.port = address.port;
    return fake;
  }

  /** What ECS gives to a task: a role, a region, and no keys. */
  get environment(): Record<string, string> {
    return {
      AWS_REGION: "ap-northeast-1",
      AWS_ENDPOINT_URL: `http://127.0.0.1:${this.port}`,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${this.port}/credentials`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: TOKEN,
    };
  }

  #answer(path: string, headers: NodeJS.Dict<string | string[]>, text: string): { status: number; body: object } {
    if (path === "/credentials") {
      if (headers["authorization"] !== TOKEN) return { status: 403, body: {} };
      const Expiration = new Date(Date.now() + 3_600_000).toISOString();
      return { status: 200, body: { AccessKeyId: "ASIATASK", SecretAccessKey: "task", Token: "session", Expiration } };
    }
    if (headers["x-amz-target"] !== "secretsmanager.GetSecretValue") return { status: 400, body: {} };
    const id = (JSON.parse(text) as { SecretId: string }).SecretId;
    this.asked.push({ id, signed: String(headers["authorization"]) });
    return this.secret === null
      ? { status: 400, body: { __type: "AccessDeniedException", message: "not authorized" } }
      : { status: 200, body: { Name: id, SecretString: this.secret } };
  }
}
