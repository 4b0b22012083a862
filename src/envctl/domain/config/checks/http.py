"""Checks of kind `http`: a URL, or the output of a stack, responds as expected within the timeout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import AfterValidator, Strict

from envctl.domain.config.checks.check_table import OUTPUT, CheckTable, Duration, Probe, Text, parse_references
from envctl.domain.config.checks.output_values import describe_type, find_output_value, format_value
from envctl.domain.config.fields import Flag, require
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import Outputs


@dataclass(frozen=True)
class HttpProbe(Probe):
    url: str
    expect_status: int
    contains: str | None


def _check_http_url(text: str) -> str:
    """Return the text if it is a valid HTTP URL. Raises ValueError. The message continues a sentence after the source
    of the text. It never contains the text: it may hold a password.
    """
    if not text.isprintable() or " " in text:
        raise ValueError("must be a URL without spaces and control characters")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or "\\" in parts.netloc:
        raise ValueError('must be a URL with http or https, such as "https://shop.example.com"')
    if "@" in parts.netloc:
        raise ValueError("must be a URL without a user name or a password")
    return text


def _check_address(text: str) -> str:
    if text.startswith(OUTPUT):
        OutputReference.parse(text.removeprefix(OUTPUT))
        return text
    try:
        return _check_http_url(text)
    except ValueError as error:
        raise ValueError(f'{error}; or the output of a stack, such as "output:web.url"') from None


def _is_path(text: str) -> bool:
    return text.startswith("/") and text.isprintable() and not {" ", "#", "\\"} & set(text)


class HttpCheck(CheckTable):
    """The URL responds."""

    example: ClassVar[Mapping[str, object]] = {"url": "https://shop.example.com/healthz"}

    kind: Literal["http"] = "http"  # a URL responds
    url: Annotated[str, AfterValidator(_check_address)]  # the URL, or the output of a stack, such as `output:web.url`
    path: Annotated[str, require(_is_path, 'must be the path of a URL, such as "/healthz"')] = ""  # path behind the URL
    # status of the response, from 200 to 599
    expect_status: Annotated[
        int, Strict(), require(range(200, 600).__contains__, "must be an HTTP status from 200 to 599")
    ] = 200
    contains: Text | None = None  # text that the response must hold
    timeout: Duration = timedelta(seconds=60)  # time until the response must be as expected
    # whether it runs in the sandbox, whose resources serve no requests
    sandbox: Flag = False

    def list_references(self) -> tuple[OutputReference, ...]:
        return tuple(parse_references(self.url))

    def resolve(self, name: str, outputs: Outputs) -> HttpProbe:
        url = self.url
        for reference in self.list_references():
            url = _parse_output_url(reference, find_output_value(reference, outputs))
        seconds = self.timeout.total_seconds()
        return HttpProbe(name, seconds, _append_path(url, self.path), self.expect_status, self.contains)


def _parse_output_url(reference: OutputReference, value: object) -> str:
    """Return the value as an HTTP URL. Raises ValueError with the fault."""
    if not isinstance(value, str):
        raise ValueError(f"{reference} is {describe_type(value)}; it must be a URL")  # noqa: TRY004 (a problem, not a bug)
    try:
        return _check_http_url(value)
    except ValueError as error:
        # The text before an @ may be a password.
        seen = "" if "@" in value else f" is {format_value(value)}; it"
        raise ValueError(f"{reference}{seen} {error}") from None


def _append_path(url: str, path: str) -> str:
    """Return the URL with `path` appended. A query in `path` replaces the one of the URL."""
    parts = urlsplit(url)
    path, _, query = path.partition("?")
    joined = f"{parts.path.rstrip('/')}{path}" if path else parts.path
    return urlunsplit((parts.scheme, parts.netloc, joined, query or parts.query, ""))
