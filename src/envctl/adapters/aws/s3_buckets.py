"""The Buckets port on S3. A bucket's owner and region are checked before its settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.bucket_configuration import PARTS, apply_step
from envctl.adapters.aws.call_failures import extract_code
from envctl.domain.aws.access import STATES_OF
from envctl.domain.aws.buckets import BucketStep, FoundBucket, WantedBucket, explain_step
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from envctl.domain.aws.buckets import BucketPart

MISSING_CODES = ("404", "NoSuchBucket", "NotFound")
REFUSED_CODES = ("403", "AccessDenied", "Forbidden", "AllAccessDisabled")
TAKEN_CODE = "BucketAlreadyExists"


@dataclass(eq=False, repr=False)
class S3Buckets:
    """`client` opens a boto3 client for a service, an environment and a region."""

    client: Callable[..., Any]
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, init=False)

    def has_bucket(self, wanted: WantedBucket, environment: str) -> bool:
        region = _find_region(self._find_client(wanted, environment), wanted)
        if region and region != wanted.region:
            hint = f"set that region in envctl.toml, or use another bucket; {region} is unchanged"
            raise _to_error("E421", f"the bucket {wanted.name} is in {region}, not in {wanted.region}", hint)
        return region is not None

    def inspect_bucket(self, wanted: WantedBucket, environment: str) -> FoundBucket | None:
        """Read each part on its own: a denied one does not hide the others."""
        if not self.has_bucket(wanted, environment):
            return None
        from botocore.exceptions import BotoCoreError, ClientError

        s3 = self._find_client(wanted, environment)
        where = {"Bucket": wanted.name, "ExpectedBucketOwner": wanted.account_id}
        seen: dict[str, Any] = {}
        unseen: dict[BucketPart, Problem] = {}
        for part in wanted.checked_parts:
            read, permission = PARTS[part]
            try:
                seen |= read(s3, where)
            except (BotoCoreError, ClientError) as error:
                hint = f"allow {permission} on it" if extract_code(error) in REFUSED_CODES else "try again"
                unseen[part] = Problem("E424", f"can't be checked:  {extract_reason(error)}", hint)
        return FoundBucket(**seen, unseen=unseen)

    def apply_step(self, wanted: WantedBucket, step: BucketStep, environment: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            apply_step(self._find_client(wanted, environment), wanted, step)
        except (BotoCoreError, ClientError) as error:
            if extract_code(error) == TAKEN_CODE:
                raise _name_taken_error(wanted) from error
            message = f"{wanted.name}: AWS denied this step ({explain_step(step)}): {extract_reason(error)}"
            hint = _suggest_fix(environment, denied=extract_code(error) in REFUSED_CODES)
            raise _to_error("E425", message, hint) from error

    def _find_client(self, wanted: WantedBucket, environment: str) -> Any:  # noqa: ANN401 (boto3's own)
        key = (environment, wanted.region)
        if key not in self._clients:
            self._clients[key] = self.client("s3", environment, region=wanted.region)
        return self._clients[key]


def _find_region(s3: Any, wanted: WantedBucket) -> str | None:  # noqa: ANN401
    """Return the region of the bucket, empty if unknown; None if there is no such bucket."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = s3.head_bucket(Bucket=wanted.name, ExpectedBucketOwner=wanted.account_id)
    except (BotoCoreError, ClientError) as error:
        if extract_code(error) in MISSING_CODES:
            return None
        if extract_code(error) in REFUSED_CODES:
            raise _inaccessible_error(s3, wanted) from error
        message = f"the bucket {wanted.name} can't be checked: {extract_reason(error)}"
        hint = "check the network, the region and your credentials, and try again"
        raise _to_error("E424", message, hint) from error
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or "")


def _inaccessible_error(s3: Any, wanted: WantedBucket) -> OperationFailedError:  # noqa: ANN401
    """Find out why an existing bucket is inaccessible: S3 gives the same answer for three reasons."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        s3.head_bucket(Bucket=wanted.name)
    except (BotoCoreError, ClientError):
        return _forbidden_error(s3, wanted)
    message = f"the bucket {wanted.name} is not in account {wanted.account_id}, but you have access"
    return _to_error("E422", message, "correct the bucket or its account in envctl.toml; the bucket is unchanged")


def _forbidden_error(s3: Any, wanted: WantedBucket) -> OperationFailedError:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = s3.get_paginator("list_buckets").paginate(Prefix=wanted.name, PaginationConfig={"PageSize": 100})
        owned = {bucket["Name"] for page in pages for bucket in page.get("Buckets", ())}
    except (BotoCoreError, ClientError):
        message = (
            f"you have no access to the bucket {wanted.name}: it belongs to another account, or you lack permission"
        )
        return _to_error("E424", message, f"allow s3:ListBucket on it, and s3:ListAllMyBuckets in {wanted.account_id}")
    if wanted.name in owned:
        message = f"you have no permission to read the bucket {wanted.name} in {wanted.account_id}"
        return _to_error("E424", message, "allow s3:ListBucket on it")
    return _name_taken_error(wanted)


def extract_reason(error: Exception) -> str:
    response = getattr(error, "response", None) or {}
    message = str(response.get("Error", {}).get("Message", "")).strip().rstrip(".")
    if message:
        return f"{message} ({extract_code(error)})"
    return " ".join(str(error).split()).rstrip(".")


def _name_taken_error(wanted: WantedBucket) -> OperationFailedError:
    message = f"the bucket {wanted.name} belongs to another account: bucket names are unique in all of AWS"
    return _to_error("E420", message, "choose another name in envctl.toml; the bucket is unchanged")


def _suggest_fix(environment: str, *, denied: bool) -> str:
    if not denied:
        return "finished steps stay; fix the cause, and run it again"
    if not environment:
        return "sign in with that permission, and run it again; finished steps stay"
    again = format_command("bootstrap", environment.removeprefix(STATES_OF), as_me=True)
    return f"earlier steps stay; as a permitted person of that account: {again}"


def _to_error(number: str, message: str, hint: str) -> OperationFailedError:
    return OperationFailedError(Problem(number, message, hint))
