"""The Signatures port on KMS. Private keys never leave it."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import cache
from typing import Any

from envctl.domain.aws.buckets import Policy
from envctl.domain.aws.key_policy import KEY_SPEC, KEY_USAGE, KeyRecord
from envctl.domain.command_lines import format_command
from envctl.domain.config.signing_keys import KEY_FIELDS, parse_alias
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.signatures import Algorithm

DELETION_DAYS = 7
DENIED = {"AccessDeniedException", "AccessDenied", "403"}
XML, PERFORM = re.compile(r"<(Code|Message)>([^<]*)<"), re.compile(r"to perform: ([\w:]+)")


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
        *,
        as_me: bool = False,
    ) -> None:
        self._environment_client = cache(open_client)
        self._own_client = cache(open_own_client)
        self._arns = arn_of
        self._role = role
        # The key of people lies outside of the environment's account.
        self._manages_as_me = as_me or role == "people"

    def for_role(self, role: KeyRole, *, as_me: bool = False) -> "KmsSignatures":
        # They share the clients of the command: to open one takes longer than to sign.
        found = copy(self)
        found._role, found._manages_as_me = role, as_me or role == "people"
        return found

    def _arn_of(self, environment: str) -> str:
        return self._arns(environment, self._role)

    def key_arn(self, environment: str) -> str:
        return self._arn_of(environment)

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        kms = self._open_client("kms", environment, personally=personally)
        with self._explain_errors(environment, "kms:Sign", personally=personally):
            key = self._arn_of(environment)
            response = kms.sign(KeyId=key, Message=message, MessageType="RAW", SigningAlgorithm=algorithm)
            return bytes(response["Signature"])

    def fetch_public_key(self, environment: str) -> bytes:
        with self._open_manager(environment, "kms:GetPublicKey") as kms:
            return bytes(kms.get_public_key(KeyId=self._arn_of(environment))["PublicKey"])

    def read_key(self, environment: str) -> KeyRecord:
        with self._open_manager(environment, "kms:DescribeKey") as kms:
            found = kms.describe_key(KeyId=self._arn_of(environment))["KeyMetadata"]
        with self._open_manager(environment, "kms:GetKeyPolicy") as kms:
            # KMS takes no alias here.
            policy = json.loads(kms.get_key_policy(KeyId=found["Arn"], PolicyName="default")["Policy"])
        multi_region = bool(found.get("MultiRegion"))
        names = {"arn": found["Arn"], "state": found["KeyState"], "usage": found["KeyUsage"]}
        return KeyRecord(**names, multi_region=multi_region, policy=policy)

    def create_key(self, environment: str, policy: Policy) -> bool:
        arn = self._arn_of(environment)
        if self._has_key(environment):
            return False
        if not (alias := parse_alias(arn)):
            message = f"there is no KMS key {arn}, and a key with a chosen id can't be created"
            field = KEY_FIELDS[self._role]
            hint = f'name an alias: [environments.{environment}] {field} = "alias/envctl-{environment}"'
            raise OperationFailedError(Problem("E467", message, hint))
        self._check_account(environment, arn.split(":")[4])
        with self._open_manager(environment, "kms:CreateKey") as kms:
            made = kms.create_key(
                Description=f"envctl: signs the records of {environment} ({self._role})",
                KeySpec=KEY_SPEC,
                KeyUsage=KEY_USAGE,
                MultiRegion=True,
                Policy=json.dumps(policy),
                # A deployer that creates the key can't change its policy afterwards; administrators of the account can.
                BypassPolicyLockoutSafetyCheck=True,
            )["KeyMetadata"]["KeyId"]
        return self._assign_alias(environment, alias, made)

    def _check_account(self, environment: str, account: str) -> None:
        """Check whose account the key would be created in: a policy that names another one gives nobody access."""
        with self._open_manager(environment, "sts:GetCallerIdentity") as sts:
            caller = sts.get_caller_identity()
        if caller["Account"] != account:
            message = f"the KMS key {self._arn_of(environment)} can't be created: {caller['Arn']} is of another account"
            hint = f"take a role in account {account} that may create keys, and try again"
            raise OperationFailedError(Problem("E468", message, hint))

    def _assign_alias(self, environment: str, alias: str, made: str) -> bool:
        """Point the alias to the new key. Return False if another process was faster."""
        with self._open_manager(environment, "kms:CreateAlias") as kms:
            try:
                kms.create_alias(AliasName=alias, TargetKeyId=made)
            except kms.exceptions.AlreadyExistsException:
                # A key without an alias only costs money. A deployer may not delete it, and leaves it.
                with suppress(kms.exceptions.ClientError):
                    kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=DELETION_DAYS)
                return False
        return True

    def _has_key(self, environment: str) -> bool:
        with self._open_manager(environment, "kms:DescribeKey") as kms:
            try:
                kms.describe_key(KeyId=self._arn_of(environment))
            except kms.exceptions.NotFoundException:
                return False
        return True

    @contextmanager
    def _open_manager(self, environment: str, action: str) -> Iterator[Any]:
        """Open the client that creates and reads keys, for one action."""
        client = self._open_client(action.partition(":")[0], environment, personally=self._manages_as_me)
        with self._explain_errors(environment, action, personally=self._manages_as_me):
            yield client

    def _open_client(self, service: str, environment: str, *, personally: bool) -> Any:  # noqa: ANN401
        client = self._own_client if personally else self._environment_client
        return client(service, environment, region=self._arn_of(environment).split(":")[3])

    @contextmanager
    def _explain_errors(self, environment: str, action: str, *, personally: bool) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            details = (getattr(error, "response", None) or {}).get("Error", {})
            said = {"Code": str(details.get("Code", "")), "Message": str(details.get("Message") or error)}
            # Proxies and some errors of IAM answer in XML, which boto3 does not read here.
            said |= dict(XML.findall(said["Message"]))
            reason = said["Message"].strip().partition("\n")[0].rstrip(".")
            raise self._to_error(environment, action, said["Code"], reason, personally=personally) from error

    def _to_error(
        self, environment: str, action: str, code: str, reason: str, *, personally: bool
    ) -> OperationFailedError:
        key, account = self._arn_of(environment), self._arn_of(environment).split(":")[4]
        whose = "your own credentials" if personally else f"the credentials of {environment}"
        if code == "NotFoundException":
            # The other credentials may be of another account, where the alias means nothing.
            where = f"with credentials of account {account}, " if self._role == "people" else ""
            hint = f"{where}create it, and pin it: {format_command('ledger keys', environment, create=True)}"
            return OperationFailedError(Problem("E467", f"there is no KMS key {key} for {environment}", hint))
        explain, named = format_command("explain", "E468"), PERFORM.search(reason)
        if code in DENIED:
            # To create a key in all regions takes an action more.
            hint = f"allow {named[1] if named else action} to {whose}: {explain}"
            if self._role == "people" and action == "kms:Sign":
                hint = f"take a role that signs for people, or {hint}"
        elif code in {"DisabledException", "KMSInvalidStateException"}:
            step = "cancel its deletion" if "pending deletion" in reason.lower() else "enable the key"
            hint = f"{step}, or pin its replacement: {explain}"
        else:
            hint = "try again: unsigned entries were not recorded"
        failure = {"kms:Sign": "does not sign", "kms:CreateKey": "can't be created", "kms:CreateAlias": "gets no alias"}
        who = "" if named else f" ({action} with {whose})"
        what = failure.get(action, "can't be read")
        message = f"the KMS key {key} {what} for {environment}: {reason}{who}"
        return OperationFailedError(Problem("E468", message, hint))
