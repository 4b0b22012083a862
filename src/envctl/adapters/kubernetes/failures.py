"""Errors of a cluster that did not answer, or not as a Kubernetes API does."""

from envctl.adapters.http.client import Failure, HttpFailedError
from envctl.adapters.kubernetes.refusals import to_plain_line
from envctl.domain.errors import OperationFailedError, Problem

_REACH = "check the network, the proxy (HTTPS_PROXY) and the address; a private endpoint answers inside its VPC only"
_REASONS = {
    Failure.UNKNOWN_HOST: "its host name is unknown",
    Failure.BAD_PROXY: "the proxy does not lead there",
    Failure.BAD_ADDRESS: "its address or that of the proxy is invalid",
    Failure.BROKEN_OFF: "the connection broke off",
}


def transport_error(cluster: str, url: str, error: HttpFailedError) -> OperationFailedError:
    """Return the error for a request without a complete response."""
    match error.failure:
        case Failure.TIMEOUT:
            return OperationFailedError(Problem("E622", f"the {cluster} does not answer in time ({url})", _REACH))
        case Failure.UNTRUSTED:
            why = to_plain_line(getattr(error.cause, "verify_message", "") or "it is not trusted")
            message = f"the certificate of the {cluster} is refused: {why} ({url})"
            hint = "check the certificate authority of the cluster; behind a proxy that reads TLS, add its authority"
            return OperationFailedError(Problem("E621", message, hint))
        case Failure.NO_TLS:
            why = to_plain_line(str(getattr(error.cause, "reason", "") or error.cause))
            message = f"no TLS connection to the {cluster}: {why} ({url})"
            hint = "check that the address is that of the API, and the client certificate if there is one"
            return OperationFailedError(Problem("E621", message, hint))
        case Failure.NOT_HTTP | Failure.TOO_LARGE:
            why = "too large" if error.failure is Failure.TOO_LARGE else "not HTTP"
            return answer_error(cluster, url, f"its answer is {why}")
        case other:
            why = _REASONS.get(other) or to_plain_line(getattr(error.cause, "strerror", None) or "no connection")
            return OperationFailedError(Problem("E620", f"the {cluster} can't be reached: {why} ({url})", _REACH))


def answer_error(cluster: str, url: str, why: str) -> OperationFailedError:
    """Return the error for an answer that does not come from a Kubernetes API."""
    message = f"{url} does not answer as the {cluster}: {to_plain_line(why)}"
    hint = "check the address of the cluster, and whether a proxy or a sign-in page answers in its place"
    return OperationFailedError(Problem("E627", message, hint))


def busy_error(cluster: str, status: int, said: str) -> OperationFailedError:
    """Return the error for a cluster that still fails after several attempts."""
    why = "it throttles" if status == 429 else "it fails"  # noqa: PLR2004 (Too Many Requests)
    message = f"the {cluster} could not do it: {why} with {status}{f': {to_plain_line(said)}' if said else ''}"
    hint = "try again in a minute; if a webhook is named, check that it runs"
    return OperationFailedError(Problem("E625", message, hint))


def authority_error(cluster: str, what: str) -> OperationFailedError:
    """Return the error for a certificate or key of a connection that can't be used."""
    message = f"the {what} of the {cluster} can't be used: it is not valid PEM, or the key does not fit"
    return OperationFailedError(Problem("E621", message, "write the entry of the cluster again"))


def missing_api_error(cluster: str, api_version: str) -> OperationFailedError:
    """Return the error for an API group that the cluster announces, and does not serve at the moment."""
    message = f"the API {api_version} of the {cluster} is not available: its server does not answer"
    hint = f"check the server behind it: kubectl get apiservices | grep {api_version.partition('/')[0]}"
    return OperationFailedError(Problem("E626", message, hint))
