"""Values of Secrets, which are never shown: two of them are told apart by a hash with a key of the run."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from envctl.domain.kubernetes.fields.paths import Path
from envctl.domain.kubernetes.objects import SECRET, Manifest, ObjectIdentity, identify
from envctl.domain.plan.changes import Marker, PlannedValue
from envctl.domain.plan.fingerprint import ABSENT, digest_value, to_canonical_json
from envctl.domain.redaction.plan_secrets import MIN_SECRET_LENGTH, PlanSecrets, build_search

_DATA = frozenset({"data", "stringData"})


@dataclass(frozen=True)
class ValueHider:
    """Replace values that must not be shown."""

    key: bytes = field(repr=False)  # of the run: without it, a short value could be guessed from its hash
    # Sensitive texts that came into the objects from elsewhere.
    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def _search(self) -> PlanSecrets:
        return build_search(frozenset(text for text in self.secrets if len(text) >= MIN_SECRET_LENGTH), "")

    def hide_value(self, identity: ObjectIdentity, path: Path, value: object) -> object:
        """Return the value, or a text in its place that only tells it from another one."""
        if value is None or not self.is_secret(identity, path, value):
            return value
        if not is_secret_path(identity, path):
            return Marker.SENSITIVE
        digest = hmac.new(self.key, to_canonical_json(value).encode(), hashlib.sha256).hexdigest()[:8]
        return f"(sensitive, {digest})"

    def plan_value(self, identity: ObjectIdentity, path: Path, value: object, before: object = None) -> PlannedValue:
        """Return a value that approvals are bound to."""
        old, new = (
            Marker.SENSITIVE if each is not None and self.is_secret(identity, path, each) else each
            for each in (before, value)
        )
        return PlannedValue(ABSENT if value is None else digest_value(new), old, new)

    def is_secret(self, identity: ObjectIdentity, path: Path, value: object) -> bool:
        return is_secret_path(identity, path) or self._search.has_secret(value)


def is_secret_path(identity: ObjectIdentity, path: Path) -> bool:
    """Check if a field of this object is a value of a Secret."""
    return identity.type == SECRET and bool(path) and path[0] in _DATA


def list_secret_texts(manifest: Manifest) -> tuple[str, ...]:
    """Return the values of a Secret as they are written, and decoded; none for other objects."""
    if identify(manifest).type != SECRET:
        return ()
    return tuple(dict.fromkeys(text for text in _walk_texts(manifest) if len(text) >= MIN_SECRET_LENGTH))


def _walk_texts(manifest: Manifest) -> Iterator[str]:
    for text in (manifest.get("stringData") or {}).values():
        yield str(text)
        yield base64.b64encode(str(text).encode()).decode()
    for text in (manifest.get("data") or {}).values():
        yield str(text)
        try:
            yield base64.b64decode(str(text), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            continue
