"""Error responses for failures of the emulator, in the format of each AWS service."""

import json
from xml.sax.saxutils import escape

from envctl.adapters.sandbox.exchange import Request, Response

_CODE = "SandboxGap"


def build_error_response(request: Request, error: Exception) -> Response:
    """Return 400 for a gap of the emulator, because clients repeat a 5xx up to 25 times over 15 minutes in vain.

    Return 500 for any other RuntimeError: a race, such as a dictionary changed during iteration, may pass on a retry.
    """
    gap = isinstance(error, NotImplementedError) or not isinstance(error, RuntimeError)
    status = "400 Bad Request" if gap else "500 Internal Server Error"
    message = f"the envctl sandbox cannot do this: {error or type(error).__name__} (its log file has the details)"
    kind = next((value for name, value in request.headers if name.lower() == "content-type"), "")
    if "json" in kind:
        body = json.dumps({"__type": _CODE, "message": message}).encode()
        return Response(status, [("Content-Type", "application/json"), ("x-amzn-ErrorType", _CODE)], body)
    return Response(status, [("Content-Type", "text/xml")], _format_xml_error(request.host, message).encode())


def _format_xml_error(host: str, message: str) -> str:
    error = f"<Error><Code>{_CODE}</Code><Message>{escape(message)}</Message></Error>"
    if host.startswith("ec2."):
        return f"<Response><Errors>{error}</Errors><RequestID>sandbox</RequestID></Response>"
    if host.startswith("s3.") or ".s3." in host:
        return error
    return f"<ErrorResponse>{error}<RequestId>sandbox</RequestId></ErrorResponse>"
