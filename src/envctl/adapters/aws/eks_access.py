"""EKS clusters without the aws command: the address by DescribeCluster, the token by a presigned call of STS."""

import base64
import binascii
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.call_failures import explain_failure, extract_code
from envctl.adapters.aws.credentials.presigned_token import CLUSTER_HEADER, SIGNED_SECONDS, encode_token
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.kubernetes import ClusterConnection, ClusterMissingError

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

RENEWED_AFTER_SECONDS = 600.0
MAX_NAMES = 20
_READY = frozenset({"ACTIVE", "UPDATING"})


class EksClusters:
    """`client` opens a boto3 client for a service, an environment and a region; empty means the environment's own."""

    def __init__(self, client: Callable[..., Any], now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._now = now
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], Any] = {}

    def find_cluster(self, environment: str, region: str, name: str) -> ClusterConnection:
        """Raises OperationFailedError if the cluster is not there, not ready yet, or can't be read."""
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._find_client("eks", environment, region)
        where = f"EKS cluster {name} in {client.meta.region_name}"
        try:
            found = client.describe_cluster(name=name)["cluster"]
        except (BotoCoreError, ClientError) as error:
            if extract_code(error) == "ResourceNotFoundException":
                raise _missing_error(where, environment, name, _list_names(client)) from None
            raise _unreadable_error(where, environment, error) from error
        url, authority = _read_address(where, found)
        tokens = _Tokens(lambda: self._create_token(environment, region, name, where), self._now)
        return ClusterConnection(
            name=where,
            url=url,
            authority=authority,
            headers=tokens.load_headers,
            renew_credentials=tokens.forget,
            arn=str(found.get("arn", "")),
            created=_format_creation(found.get("createdAt")),
            version=str(found.get("version", "")),
        )

    def _create_token(self, environment: str, region: str, name: str, where: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        # A header of one cluster is on all calls of its client: no other cluster shares it.
        client = self._find_client("sts", environment, region, name)
        try:
            return create_token(client, name)
        except (BotoCoreError, ClientError) as error:
            raise _unreadable_error(where, environment, error) from error

    def _find_client(self, service: str, environment: str, region: str, cluster: str = "") -> Any:  # noqa: ANN401
        # A boto3 session is not safe for threads, but a client is: each is opened once.
        key = (f"{service} {cluster}", environment, region)
        with self._lock:
            if key not in self._clients:
                client = self._client(service, environment, region=region)
                if cluster:
                    name_cluster(client, cluster)
                self._clients[key] = client
            return self._clients[key]


def name_cluster(sts: Any, cluster: str) -> None:  # noqa: ANN401 (boto3's own)
    """Let a client of STS sign its calls for one cluster: no other one takes the token."""

    def add_header(request: Any, **_: Any) -> None:  # noqa: ANN401
        request.headers[CLUSTER_HEADER] = cluster

    sts.meta.events.register("before-sign.sts.GetCallerIdentity", add_header)


def create_token(sts: Any, cluster: str) -> str:  # noqa: ANN401
    """Return a token for the cluster that the client names. Nothing is sent, but for new keys of a role."""
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=SIGNED_SECONDS, HttpMethod="GET")
    if CLUSTER_HEADER not in url:
        raise AssertionError(f"the token is not bound to {cluster}")
    return encode_token(url)


class _Tokens:
    """The token of one cluster, made anew before EKS refuses it. Threads share it."""

    def __init__(self, create: Callable[[], str], now: Callable[[], float]) -> None:
        self._create = create
        self._now = now
        self._lock = threading.Lock()
        self._token, self._created_at = "", 0.0

    def load_headers(self) -> Mapping[str, str]:
        with self._lock:
            if not self._token or self._now() - self._created_at > RENEWED_AFTER_SECONDS:
                self._token, self._created_at = self._create(), self._now()
            return {"Authorization": f"Bearer {self._token}"}

    def forget(self) -> bool:
        with self._lock:
            self._token = ""
            return True


def _read_address(where: str, found: Mapping[str, Any]) -> tuple[str, str]:
    """Return the URL and the authority in PEM. Raises OperationFailedError for a cluster that has none yet."""
    status = str(found.get("status", ""))
    url = str(found.get("endpoint") or "").rstrip("/")
    if status not in _READY or not url.startswith("https://"):
        hint = "wait until it is ACTIVE, and try again" if status == "CREATING" else "check the cluster in the console"
        raise OperationFailedError(Problem("E630", f"the {where} is not ready: its status is {status}", hint))
    try:
        data = base64.b64decode((found.get("certificateAuthority") or {}).get("data") or "", validate=True)
        authority = data.decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        authority = ""
    if "BEGIN CERTIFICATE" not in authority:
        message = f"the {where} has no certificate authority, or an unreadable one"
        raise OperationFailedError(Problem("E630", message, "check the cluster in the console"))
    return url, authority


def _list_names(client: Any) -> list[str]:  # noqa: ANN401
    """Return the names of clusters there, for a hint; none without the permission."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return [str(name) for name in client.list_clusters(maxResults=100)["clusters"]]
    except (BotoCoreError, ClientError):
        return []


def _missing_error(where: str, environment: str, name: str, known: list[str]) -> OperationFailedError:
    from envctl.domain.text.suggestions import suggest_name

    hint = suggest_name(name, known[:MAX_NAMES]) or "apply the stack that creates it first, or correct name and region"
    return ClusterMissingError(Problem("E630", f"there is no {where} in the account of {environment}", hint))


def _format_creation(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""


def _unreadable_error(where: str, environment: str, error: "BotoCoreError | ClientError") -> OperationFailedError:
    failure = explain_failure(error, "eks:DescribeCluster")
    message = f"the {where} of {environment} can't be read: {failure.reason}"
    return OperationFailedError(Problem("E629", message, failure.hint))
