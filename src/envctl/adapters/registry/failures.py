"""Errors of registries."""

import re

from envctl.domain.errors import OperationFailedError, Problem

MAX_LENGTH = 200


def unreachable_error(registry: str, why: str) -> OperationFailedError:
    message = f"the registry {registry} can't be reached: it {why}"
    return OperationFailedError(Problem("E433", message, "check the network, the proxy and the host, and try again"))


def denied_error(registry: str, why: str, hint: str) -> OperationFailedError:
    message = f"the registry {registry} denies access: {to_plain_line(why)}"
    return OperationFailedError(Problem("E432", message, hint))


def response_error(registry: str, what: str) -> OperationFailedError:
    message = f"the registry {registry} gave an invalid response: {to_plain_line(what)}"
    hint = "check the image with another tool, and push it again if it is damaged"
    return OperationFailedError(Problem("E434", message, hint))


def request_error(registry: str, what: str) -> OperationFailedError:
    hint = "check the image with another tool; the log of the registry may say more"
    return OperationFailedError(Problem("E434", f"the registry {registry} fails: {to_plain_line(what)}", hint))


def unreadable_login_error(why: str) -> OperationFailedError:
    message = f"your docker login can't be read: {why}"
    return OperationFailedError(Problem("E436", message, "log in again: docker login"))


def to_plain_line(text: str) -> str:
    """Return one short line without control characters: most of it comes from a registry."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:MAX_LENGTH]
