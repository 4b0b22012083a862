"""`python -m envctl.cli.kubernetes_token CLUSTER REGION`: a token for an EKS cluster, as kubectl asks for it.

The kubeconfig of `envctl exec` names it. It works with the credentials in its environment, which `exec` has set.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

from envctl.adapters.aws.credentials.presigned_token import VALID_SECONDS, encode_token, presign_plainly

ARGUMENTS = 2
DEFAULT_VERSION = "client.authentication.k8s.io/v1"


def main(arguments: list[str]) -> int:
    if len(arguments) != ARGUMENTS:
        sys.stderr.write("usage: CLUSTER REGION\n")
        return 64
    cluster, region = arguments
    now = datetime.now(UTC)
    url = presign_plainly(os.environ, region, cluster, now)
    if url is not None:
        _write_answer(encode_token(url), now)
        return 0
    return _create_token(cluster, region, now)


def _create_token(cluster: str, region: str, now: datetime) -> int:
    """Write a token for keys that boto3 finds; return the exit code."""
    from botocore.exceptions import BotoCoreError, ClientError

    from envctl.adapters.aws.credentials.bounded_session import build_config, open_session
    from envctl.adapters.aws.credentials.sessions import PROGRAM_SECONDS, READ_SECONDS
    from envctl.adapters.aws.eks_access import create_token, name_cluster

    try:
        session = open_session("", READ_SECONDS, PROGRAM_SECONDS)
        client = session.client("sts", region_name=region, config=build_config(READ_SECONDS))
        name_cluster(client, cluster)
        _write_answer(create_token(client, cluster), now)
    # Reading its configuration, botocore also raises errors of Python.
    except (BotoCoreError, ClientError, EOFError, OSError, ValueError) as error:
        message = f"E629 no token for the EKS cluster {cluster} can be made ({type(error).__name__})"
        sys.stderr.write(f"{message}: run the command with envctl exec, which sets the credentials\n")
        return 1
    return 0


def _write_answer(token: str, now: datetime) -> None:
    ends_at = (now + timedelta(seconds=VALID_SECONDS)).strftime("%Y-%m-%dT%H:%M:%SZ")
    status = {"expirationTimestamp": ends_at, "token": token}
    answer = {"kind": "ExecCredential", "apiVersion": _read_version(), "spec": {}, "status": status}
    sys.stdout.write(f"{json.dumps(answer)}\n")


def _read_version() -> str:
    """Return the version that the caller understands: kubectl says it."""
    try:
        return str(json.loads(os.environ.get("KUBERNETES_EXEC_INFO", ""))["apiVersion"])
    except (ValueError, KeyError, TypeError):
        return DEFAULT_VERSION


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
