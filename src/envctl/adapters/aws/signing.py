"""The Signatures port on KMS. Private keys never leave it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from envctl.domain.command_lines import format_command
from envctl.domain.config.signing_keys import parse_alias
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.signatures import Algorithm

DELETION_DAYS = 7


class KmsSignatures:
    """`open_client` opens clients with the credentials of an environment, `open_own_client` with the caller's own.
    `arn_of` returns the ARN of an environment's key of a role.
    """

    def __init__(
        self,
        open_client: Callable[..., Any],
        open_own_client: Callable[..., Any],
        arn_of: Callable[[str, KeyRole], str],
        role: KeyRole = "deployment",
    ) -> None:
        self._environment_client = open_client
        self._own_client = open_own_client
        self._arns = arn_of
        self._role = role

    def for_role(self, role: KeyRole) -> "KmsSignatures":
        return KmsSignatures(self._environment_client, self._own_client, self._arns, role)

    def _arn_of(self, environment: str) -> str:
        return self._arns(environment, self._role)

    @property
    def _managing_client(self) -> Callable[..., Any]:
        # The key of people lies outside of the environment's account.
        return self._own_client if self._role == "people" else self._environment_client

    def key_arn(self, environment: str) -> str:
        return self._arn_of(environment)

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        kms = self._open_client(environment, self._own_client if personally else self._environment_client)
        with self._explain_errors(environment, "kms:Sign", personally=personally):
            key = self._arn_of(environment)
            response = kms.sign(KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm=algorithm)
            return bytes(response["Signature"])

    def fetch_public_key(self, environment: str) -> bytes:
        kms = self._open_client(environment, self._managing_client)
        with self._explain_errors(environment, "kms:GetPublicKey"):
            return bytes(kms.get_public_key(KeyId=self._arn_of(environment))["PublicKey"])

    def create_key(self, environment: str) -> bool:
        alias = parse_alias(self._arn_of(environment))
        kms = self._open_client(environment, self._managing_client)
        if self._has_key(environment, kms):
            return False
        if not alias:
            message = f"there is no KMS key {self._arn_of(environment)}, and a key with a chosen id can't be created"
            hint = f'name an alias: [environments.{environment}] signing_key = "alias/envctl-{environment}"'
            raise OperationFailedError(Problem("E467", message, hint))
        with self._explain_errors(environment, "kms:CreateKey"):
            made = kms.create_key(
                Description=f"envctl: signs the records of {environment}",
                KeySpec="ECC_NIST_P256",
                KeyUsage="SIGN_VERIFY",
            )["KeyMetadata"]["KeyId"]
        return self._assign_alias(environment, kms, alias, made)

    def _assign_alias(self, environment: str, kms: Any, alias: str, made: str) -> bool:  # noqa: ANN401 (boto3's own)
        """Point the alias to the new key. Return False if another process was faster."""
        with self._explain_errors(environment, "kms:CreateAlias"):
            try:
                kms.create_alias(AliasName=alias, TargetKeyId=made)
            except kms.exceptions.AlreadyExistsException:
                # A key without an alias would only cost money.
                kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=DELETION_DAYS)
                return False
        return True

    def _has_key(self, environment: str, kms: Any) -> bool:  # noqa: ANN401
        with self._explain_errors(environment, "kms:DescribeKey"):
            try:
                kms.describe_key(KeyId=self._arn_of(environment))
            except kms.exceptions.NotFoundException:
                return False
        return True

    def _open_client(self, environment: str, client: Callable[..., Any]) -> Any:  # noqa: ANN401
        return client("kms", environment, region=self._arn_of(environment).split(":")[3])

    @contextmanager
    def _explain_errors(self, environment: str, action: str, *, personally: bool = False) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            details = error.response.get("Error", {})
            reason = f"{details.get('Message') or details.get('Code')}".strip().rstrip(".")
            code = str(details.get("Code"))
            raise self._to_error(environment, action, code, reason, personally=personally) from error
        except BotoCoreError as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise self._to_error(environment, action, "", reason, personally=personally) from error

    def _to_error(
        self, environment: str, action: str, code: str, reason: str, *, personally: bool
    ) -> OperationFailedError:
        key = self._arn_of(environment)
        if code == "NotFoundException":
            hint = f"create it, and pin it: {format_command('ledger keys', environment, create=True)}"
            return OperationFailedError(Problem("E467", f"there is no KMS key {key} for {environment}", hint))
        whose = "your own credentials" if personally else f"the credentials of {environment}"
        if code == "AccessDeniedException":
            hint = f"allow {action} on that key to {whose}: {format_command('explain', 'E468')}"
        elif code in {"DisabledException", "KMSInvalidStateException"}:
            hint = f"enable the key, or pin its replacement: {format_command('explain', 'E468')}"
        else:
            hint = "try again: unsigned entries were not recorded"
        failure = {"kms:Sign": "does not sign", "kms:GetPublicKey": "can't be read"}.get(action, "can't be created")
        return OperationFailedError(Problem("E468", f"the KMS key {key} {failure} for {environment}: {reason}", hint))
