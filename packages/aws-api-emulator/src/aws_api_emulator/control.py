"""The control API of a running sandbox, besides AWS calls: a health check, and the creation of buckets."""

import hmac
import json
import threading
from collections.abc import Mapping, Sequence

from aws_api_emulator.control_calls import BUCKETS_PATH, HEALTH_PATH, TOKEN_HEADER
from aws_api_emulator.exchange import Cloud, Request, Response


class ControlApi:
    """Answers control requests that carry the token from the state file."""

    def __init__(self, cloud: Cloud, token: str) -> None:
        self._cloud = cloud
        self._token = token
        # Two requests at the same time would both find a bucket missing.
        self._lock = threading.Lock()

    def answer_request(self, request: Request) -> Response:
        token = next((value for name, value in request.headers if name.lower() == TOKEN_HEADER.lower()), "")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return _text_response("403 Forbidden", "the token is not of this sandbox")
        match request.method, request.target:
            case "GET", path if path == HEALTH_PATH:
                return _text_response("200 OK", "ok")
            case "POST", path if path == BUCKETS_PATH:
                return self._create_buckets(json.loads(request.body))
            case _:
                return _text_response("404 Not Found", "no such control call")

    def _create_buckets(self, buckets: Sequence[Mapping[str, str]]) -> Response:
        with self._lock:
            for each in buckets:
                name, region, account_id = each["name"], each["region"], each["account_id"]
                try:
                    self._cloud.create_bucket(name, region, account_id)
                except ValueError as error:
                    return _text_response("409 Conflict", f"{name} in account {account_id}: {error}")
        places = sorted({(each["account_id"], each["region"]) for each in buckets})
        threading.Thread(target=self._cloud.warm_up, args=(places,), daemon=True).start()
        return _text_response("200 OK", "ok")


def _text_response(status: str, text: str) -> Response:
    return Response(status, [("Content-Type", "text/plain")], f"{text}\n".encode())
