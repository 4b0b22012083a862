"""The part of the composition root that leads to AWS: all of it works with what `access` was given."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from obstore.auth.boto3 import Boto3CredentialProvider

    from envctl.adapters.aws.alarms import CloudWatchAlarms
    from envctl.adapters.aws.s3_buckets import S3Buckets
    from envctl.adapters.aws.secrets import AwsSecrets
    from envctl.adapters.aws.sessions import Sessions
    from envctl.adapters.aws.signing import KmsSignatures
    from envctl.adapters.registry.registries import Registries
    from envctl.domain.aws.access import Passport
    from envctl.domain.config.project import Project
    from envctl.domain.ledger.events import Actor


class AwsWiring:
    """`root` is the project's folder and `home` envctl's own in it. `project` and `actor` are asked for when somebody
    wants to get in somewhere.
    """

    def __init__(
        self,
        root: Path,
        home: Path,
        inherited: Callable[[], Mapping[str, str]],
        project: "Callable[[], Project]",
        actor: "Callable[[], Actor]",
    ) -> None:
        self._root = root
        self._home = home
        self._inherited = inherited
        self._project = project
        self._actor = actor

    @cached_property
    def access(self) -> "Sessions":
        from envctl.adapters.aws.account_cache import RememberedAccess
        from envctl.adapters.aws.sessions import Sessions

        remembered = RememberedAccess(self._home / "access.json", self._root / "envctl.toml", self._inherited)
        return Sessions(self._inherited, self._passport, remembered, store_url=self._store_url)

    def _store_url(self) -> str:
        from envctl.adapters.store import connect

        return connect.endpoint(self._inherited()) if self._project().store.url.startswith("s3://") else ""

    @cached_property
    def buckets(self) -> "S3Buckets":
        from envctl.adapters.aws.s3_buckets import S3Buckets

        return S3Buckets(self.access.client)

    @cached_property
    def registries(self) -> "Registries":
        from envctl.adapters.registry.registries import Registries

        return Registries(self.access.client, self._inherited)

    @cached_property
    def secrets(self) -> "AwsSecrets":
        from envctl.adapters.aws.secrets import AwsSecrets

        return AwsSecrets(self.access.client)

    @cached_property
    def alarms(self) -> "CloudWatchAlarms":
        from envctl.adapters.aws.alarms import CloudWatchAlarms

        return CloudWatchAlarms(self.access.client)

    @cached_property
    def signatures(self) -> "KmsSignatures":
        from envctl.adapters.aws.sessions import Sessions
        from envctl.adapters.aws.signing import KmsSignatures
        from envctl.domain.config.signing_keys import key_arn

        # People are themselves before they take the role of an environment.
        themselves = Sessions(self._inherited, lambda name: replace(self._passport(name), role=""))
        return KmsSignatures(self.access.client, themselves.client, lambda name: key_arn(self._project(), name))

    def find_store_credentials(self) -> "Boto3CredentialProvider | None":
        return self.access.store_credentials()

    def region_of(self, bucket: str) -> str:
        from envctl.adapters.aws.buckets import region_of

        return region_of(self.access.client, bucket)

    def is_anothers(self, bucket: str, owner: str) -> bool:
        from envctl.adapters.aws.buckets import is_anothers

        return is_anothers(self.access.client, bucket, owner)

    def _passport(self, environment: str) -> "Passport":
        from envctl.domain.aws.access import passport

        return passport(self._project(), environment, self._actor() if environment else None)
