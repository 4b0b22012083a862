"""The Signatures port over KMS. No private key ever leaves it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from envctl.domain.config.signing_keys import alias_of, region_of
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.signatures import Algorithm

DAYS = 7


class KmsSignatures:
    """`there` gives clients with the credentials that work in an environment, and `oneself` those with one's own there;
    `key` is what gives the ARN of an environment's key.
    """

    def __init__(self, there: Callable[..., Any], oneself: Callable[..., Any], key: Callable[[str], str]) -> None:
        self._there = there
        self._oneself = oneself
        self._key = key

    def key(self, environment: str) -> str:
        return self._key(environment)

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        kms = self._kms(environment, self._oneself if personally else self._there)
        with self._asking(environment, "kms:Sign", personally=personally):
            said = kms.sign(
                KeyId=self._key(environment), Message=message, MessageType="RAW", SigningAlgorithm=algorithm
            )
            return bytes(said["Signature"])

    def public_key(self, environment: str) -> bytes:
        kms = self._kms(environment, self._there)
        with self._asking(environment, "kms:GetPublicKey"):
            return bytes(kms.get_public_key(KeyId=self._key(environment))["PublicKey"])

    def create(self, environment: str) -> bool:
        alias = alias_of(self._key(environment))
        kms = self._kms(environment, self._there)
        if self._exists(environment, kms):
            return False
        if not alias:
            message = f"there is no KMS key {self._key(environment)}, and one with a number of choice can't be made"
            hint = f'name an alias: [environments.{environment}] signing_key = "alias/envctl-{environment}"'
            raise OperationFailedError(Problem("E467", message, hint))
        with self._asking(environment, "kms:CreateKey"):
            made = kms.create_key(
                Description=f"envctl: signs what is recorded of {environment}",
                KeySpec="ECC_NIST_P256",
                KeyUsage="SIGN_VERIFY",
            )["KeyMetadata"]["KeyId"]
        return self._name(environment, kms, alias, made)

    def _name(self, environment: str, kms: Any, alias: str, made: str) -> bool:  # noqa: ANN401 (boto3's own)
        """Whether the key that was made is the one of that name now."""
        with self._asking(environment, "kms:CreateAlias"):
            try:
                kms.create_alias(AliasName=alias, TargetKeyId=made)
            except kms.exceptions.AlreadyExistsException:
                # Somebody else was faster. A key without a name would only cost money.
                kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=DAYS)
                return False
        return True

    def _exists(self, environment: str, kms: Any) -> bool:  # noqa: ANN401
        with self._asking(environment, "kms:DescribeKey"):
            try:
                kms.describe_key(KeyId=self._key(environment))
            except kms.exceptions.NotFoundException:
                return False
        return True

    def _kms(self, environment: str, client: Callable[..., Any]) -> Any:  # noqa: ANN401
        return client("kms", environment, region=region_of(self._key(environment)))

    @contextmanager
    def _asking(self, environment: str, action: str, *, personally: bool = False) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            said = error.response.get("Error", {})
            reason = f"{said.get('Message') or said.get('Code')}".strip().rstrip(".")
            raise self._refused(environment, action, str(said.get("Code")), reason, personally=personally) from error
        except BotoCoreError as error:
            reason = str(error).strip().partition("\n")[0].rstrip(".")
            raise self._refused(environment, action, "", reason, personally=personally) from error

    def _refused(
        self, environment: str, action: str, code: str, reason: str, *, personally: bool
    ) -> OperationFailedError:
        key = self._key(environment)
        if code == "NotFoundException":
            hint = f"make it, and pin it: envctl ledger keys {environment} --create"
            return OperationFailedError(Problem("E467", f"there is no KMS key {key} for {environment}", hint))
        whose = "your own credentials" if personally else f"the credentials that work in {environment}"
        if code == "AccessDeniedException":
            hint = f"allow {action} on that key to {whose}: docs/signatures.md says who needs what"
        elif code in {"DisabledException", "KMSInvalidStateException"}:
            hint = "enable the key, or pin the one that took its place: docs/signatures.md"
        else:
            hint = "try again: what was not signed was not recorded"
        wish = {"kms:Sign": "does not sign", "kms:GetPublicKey": "can't be read"}.get(action, "can't be made")
        return OperationFailedError(Problem("E468", f"the KMS key {key} {wish} for {environment}: {reason}", hint))
