"""What a client of AWS is told where the emulator fails: an error in the dialect of its service, not a silence."""

import json
from xml.sax.saxutils import escape

from envctl.adapters.sandbox.exchange import Request, Response

_CODE = "SandboxGap"


def failure(request: Request, error: Exception) -> Response:
    """Clients repeat a 5xx up to 25 times over a quarter of an hour, and what moto cannot do it cannot do then either.

    Only a RuntimeError that is no gap, such as a dictionary that changed under an iteration, may pass when repeated.
    """
    gap = isinstance(error, NotImplementedError) or not isinstance(error, RuntimeError)
    status = "400 Bad Request" if gap else "500 Internal Server Error"
    message = f"the envctl sandbox cannot do this: {error or type(error).__name__} (its log file has the details)"
    if _speaks_json(request):
        body = json.dumps({"__type": _CODE, "message": message}).encode()
        return Response(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", _CODE)], body)
    return Response(status, [("Content-Type", "text/xml")], _xml(request.host, message).encode())


def _speaks_json(request: Request) -> bool:
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    return "json" in kind


def _xml(host: str, message: str) -> str:
    error = f"<Error><Code>{_CODE}</Code><Message>{escape(message)}</Message></Error>"
    if host.startswith("ec2."):
        return f"<Response><Errors>{error}</Errors><RequestID>sandbox</RequestID></Response>"
    if host.startswith("s3.") or ".s3." in host:
        return error
    return f"<ErrorResponse>{error}<RequestId>sandbox</RequestId></ErrorResponse>"
