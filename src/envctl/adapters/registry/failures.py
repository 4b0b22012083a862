"""What is said where a registry does not do what was asked of it."""

import re

from envctl.domain.errors import OperationFailedError, Problem

EXCERPT = 200


def unreachable(registry: str, why: str) -> OperationFailedError:
    message = f"the registry {registry} can't be asked: it {why}"
    return OperationFailedError(Problem("E433", message, "check the network, the proxy and the host, and try again"))


def denied(registry: str, why: str, hint: str) -> OperationFailedError:
    return OperationFailedError(Problem("E432", f"the registry {registry} does not let you: {plain(why)}", hint))


def wrong(registry: str, what: str) -> OperationFailedError:
    message = f"the registry {registry} answers what can't be believed: {plain(what)}"
    hint = "look at what is there with another tool, and push it again if it is damaged"
    return OperationFailedError(Problem("E434", message, hint))


def failed(registry: str, what: str) -> OperationFailedError:
    hint = "look at what is there with another tool; its own log may say more"
    return OperationFailedError(Problem("E434", f"the registry {registry} fails: {plain(what)}", hint))


def not_copied(what: str, hint: str) -> OperationFailedError:
    return OperationFailedError(Problem("E435", plain(what), hint))


def no_login(why: str) -> OperationFailedError:
    return OperationFailedError(
        Problem("E436", f"your docker login can't be read: {why}", "log in again: docker login")
    )


def plain(text: str) -> str:
    """One short line without anything that a terminal would obey: much of it comes from somewhere else."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:EXCERPT]
