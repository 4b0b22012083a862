"""The AWS part of the composition root: all its ports use the clients of `access`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envctl.adapters.aws.alarms import CloudWatchAlarms
    from envctl.adapters.aws.credentials.sessions import Sessions
    from envctl.adapters.aws.role_trials import AwsRoleTrials
    from envctl.adapters.aws.s3_buckets import S3Buckets
    from envctl.adapters.aws.secrets import AwsSecrets
    from envctl.adapters.aws.signing import KmsSignatures
    from envctl.adapters.registry.registries import Registries
    from envctl.cli.wiring.job_credentials import JobCredentials
    from envctl.domain.aws.access import AwsCredentialsSpec
    from envctl.domain.config.project import Project
    from envctl.usecases.ports.core import Identity


class AwsPorts:
    """The AWS ports.

    Attributes:
        _root: the project's folder.
        _home: the folder of envctl in it.
        _prepare: called before boto3 loads credentials.
        _look: the command only looks.
    """

    _root: Path
    _home: Path
    _inherited: Callable[[], Mapping[str, str]]
    _load_project: "Callable[[], Project]"
    _load_identity: "Callable[[], Identity]"
    job_credentials: "JobCredentials"
    _prepare: Callable[[], object]
    _look: bool

    @cached_property
    def access(self) -> "Sessions":
        from envctl.adapters.aws.credentials.account_cache import AccountCache
        from envctl.adapters.aws.credentials.sessions import Sessions

        return Sessions(
            self._prepare,
            self._credentials_spec,
            AccountCache(self._home / "access.json", self._root / "envctl.toml", self._inherited, look=self._look),
            is_token_renewed=lambda: self.job_credentials.is_renewed,
            store_url=self._find_store_endpoint,
        )

    @cached_property
    def looking_access(self) -> "Sessions":
        """The credentials of a command that only looks, in a command that deploys."""
        from envctl.adapters.aws.credentials.sessions import Sessions
        from envctl.domain.aws.access import build_credentials_spec

        find_spec = lambda name: build_credentials_spec(  # noqa: E731
            self._load_project().for_looking(), name, self._name_session(name)
        )
        return Sessions(self._prepare, find_spec)

    def _find_store_endpoint(self) -> str:
        from envctl.adapters.store import connect

        return connect.find_endpoint(self._inherited()) if self._load_project().store.url.startswith("s3://") else ""

    @cached_property
    def buckets(self) -> "S3Buckets":
        from envctl.adapters.aws.s3_buckets import S3Buckets

        return S3Buckets(self.access.open_client)

    @cached_property
    def registries(self) -> "Registries":
        from envctl.adapters.registry.registries import Registries

        return Registries(self.access.open_client, self._inherited)

    @cached_property
    def secrets(self) -> "AwsSecrets":
        from envctl.adapters.aws.secrets import AwsSecrets

        return AwsSecrets(self.access.open_client)

    @cached_property
    def alarms(self) -> "CloudWatchAlarms":
        from envctl.adapters.aws.alarms import CloudWatchAlarms

        return CloudWatchAlarms(self.access.open_client)

    @cached_property
    def signatures(self) -> "KmsSignatures":
        from envctl.adapters.aws.credentials.sessions import Sessions
        from envctl.adapters.aws.signing import KmsSignatures
        from envctl.domain.config.signing_keys import build_key_arn

        # People sign as themselves, without the environment's role.
        without_role = Sessions(self._prepare, lambda name: replace(self._credentials_spec(name), role=""))
        return KmsSignatures(
            self.access.open_client,
            without_role.open_client,
            lambda name, role: build_key_arn(self._load_project(), name, role),
        )

    @cached_property
    def ci_roles(self) -> "AwsRoleTrials":
        from envctl.adapters.aws.role_trials import AwsRoleTrials
        from envctl.domain.aws.access import build_credentials_spec

        find_spec = lambda name: build_credentials_spec(self._load_project(), name)  # noqa: E731
        return AwsRoleTrials(self.access.open_client, find_spec, self._inherited, self.job_credentials.request_token)

    def _credentials_spec(self, environment: str) -> "AwsCredentialsSpec":
        from envctl.domain.aws.access import build_credentials_spec

        return build_credentials_spec(self._load_project(), environment, self._name_session(environment))

    def _name_session(self, environment: str) -> str:
        # The store is read before the actor is known, and without a role.
        return self._load_identity().name_session() if environment else "envctl"
