// For HEALTHCHECK and the health check of ECS: the image has no curl.
const port = process.env["PORT"] || "8080";
const healthy = await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(2_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exitCode = healthy ? 0 : 1;
