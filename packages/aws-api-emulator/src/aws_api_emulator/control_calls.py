"""The calls of the control API of a running server: paths and header. A server of an older version has the same."""

CONTROL_PREFIX = "/_envctl/"
HEALTH_PATH = f"{CONTROL_PREFIX}health"
# The body is a list of `{"name": ..., "region": ..., "account_id": ...}`.
BUCKETS_PATH = f"{CONTROL_PREFIX}buckets"
TOKEN_HEADER = "X-Envctl-Token"  # noqa: S105 (a name)
