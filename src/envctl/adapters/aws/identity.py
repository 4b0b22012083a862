"""The Identity port on AWS: the caller whom STS names, or the actor of a run whose token AWS has accepted."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

from envctl.adapters.disk.reading import read_text
from envctl.domain.access import Caller
from envctl.domain.events import Actor

ISSUER = "https://token.actions.githubusercontent.com"


class AwsIdentity:
    """`local` is who the machine says that one is; what AWS knows of it goes above it. `caller` is None where there are
    no credentials at all.
    """

    def __init__(
        self,
        local: Callable[[], Actor],
        caller: Callable[[], Caller | None],
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self._local = local
        self._caller = caller
        self._environment = environment

    def actor(self) -> Actor:
        return self._actor

    @cached_property
    def _actor(self) -> Actor:
        said, caller = self._local(), self._caller()
        if caller is None:
            return said
        if said.via != "github":
            return Actor(caller.arn, "aws", verified=True, arn=caller.arn)
        claims = _claims(self._environment())
        # STS has checked the signature of the token that the credentials were taken with: so what it says is true.
        verified = claims.get("iss") == ISSUER and claims.get("actor") == said.name
        if not verified:
            return replace(said, arn=caller.arn)
        environment = str(claims.get("environment", ""))
        return replace(said, verified=True, arn=caller.arn, teams=_teams(claims), environment=environment)


def _claims(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the token says that AWS was shown; nothing where there was none, or other credentials went before it."""
    file = environment.get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
    if not file or "AWS_ACCESS_KEY_ID" in environment or "AWS_PROFILE" in environment:
        return {}
    try:
        payload = read_text(file, encoding="ascii").strip().split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (OSError, ValueError, IndexError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _teams(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """A token has such a claim where the organisation asks for it."""
    said = claims.get("teams", claims.get("team", ()))
    listed = said.split(",") if isinstance(said, str) else said
    return tuple(sorted(str(team).strip() for team in listed)) if isinstance(listed, list) else ()
