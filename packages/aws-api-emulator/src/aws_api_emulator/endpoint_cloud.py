"""Another AWS-compatible endpoint in place of moto: every request is forwarded to it unchanged."""

import http.client
import os
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from aws_api_emulator.exchange import Caller, EksCluster, Request, Response

_CONNECT_SECONDS, _TIMEOUT_SECONDS = 5, 60


class EndpointCloud:
    """Keeps one connection to the endpoint per thread, because each thread serves one client connection."""

    def __init__(self, endpoint_url: str) -> None:
        self._endpoint_url = endpoint_url
        self._endpoint = urlsplit(endpoint_url)
        self._local = threading.local()

    def answer_request(self, request: Request) -> Response:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is not None:
            try:
                return self._send_request(connection, request)
            except (OSError, http.client.HTTPException):
                # The endpoint closed an idle connection. A failure of a new connection is a real one.
                connection.close()
        is_secure = self._endpoint.scheme == "https"
        open_connection = http.client.HTTPSConnection if is_secure else http.client.HTTPConnection
        self._local.connection = open_connection(self._endpoint.netloc, timeout=_TIMEOUT_SECONDS)
        return self._send_request(self._local.connection, request)

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        try:
            client = self._open_s3_client(region, account_id)
            try:
                client.create_bucket(Bucket=name, **location)
            except client.exceptions.BucketAlreadyOwnedByYou:
                return
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        except (BotoCoreError, ClientError) as error:
            raise ValueError(str(error)) from error

    def _open_s3_client(self, region: str, account_id: str) -> Any:  # noqa: ANN401 (boto3's own)
        """Open a boto3 client that ignores the AWS profiles and files of this machine."""
        import boto3
        from botocore.config import Config
        from botocore.session import Session

        nowhere = (None, None, os.devnull, None)
        core = Session({"profile": (None, None, None, None), "config_file": nowhere, "credentials_file": nowhere})
        # Emulators with several accounts take the account from the access key.
        return boto3.Session(botocore_session=core).client(
            "s3",
            endpoint_url=self._endpoint_url,
            region_name=region,
            aws_access_key_id=account_id,
            aws_secret_access_key="sandbox",  # noqa: S106 (no secret: the endpoint is an emulator)
            config=Config(
                s3={"addressing_style": "path"},
                proxies={},
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_TIMEOUT_SECONDS,
                retries={"total_max_attempts": 2, "mode": "standard"},
            ),
        )

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        """Do nothing: only the owner of an endpoint can warm it up."""

    def find_cluster(self, host: str) -> EksCluster | None:  # noqa: ARG002 (as in the protocol)
        """Return None: an endpoint has clusters of its own, or none."""
        return None

    def identify_caller(self, access_key: str) -> Caller:
        raise NotImplementedError(access_key)

    def close(self) -> None:
        """Close the connection of the calling thread."""
        if connection := getattr(self._local, "connection", None):
            connection.close()

    @staticmethod
    def _send_request(connection: http.client.HTTPConnection, request: Request) -> Response:
        connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", request.host)
        connection.putheader("Content-Length", str(len(request.body)))
        for name, value in request.headers:
            if name.lower() not in {"host", "content-length", "transfer-encoding", "connection", "expect"}:
                connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        return Response(f"{response.status} {response.reason}", response.getheaders(), response.read())
