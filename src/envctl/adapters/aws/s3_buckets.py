"""The Buckets port over boto3. Whose bucket it is, and where, is known before anything else is asked of it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from envctl.adapters.aws.bucket_parts import LOOKS, PERMISSIONS
from envctl.adapters.aws.bucket_steps import carry_out
from envctl.domain.aws.buckets import FoundBucket, Step, WantedBucket, explain
from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from envctl.domain.aws.buckets import Part

MISSING = ("404", "NoSuchBucket", "NotFound")
REFUSED = ("403", "AccessDenied", "Forbidden", "AllAccessDisabled")
TAKEN = "BucketAlreadyExists"


class S3Buckets:
    """`client` gives boto3's, by service, environment and region."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._client = client
        self._opened: dict[tuple[str, str], Any] = {}

    def is_there(self, wanted: WantedBucket, environment: str) -> bool:
        region = _whereabouts(self._s3(wanted, environment), wanted)
        if region and region != wanted.region:
            hint = f"name that region in envctl.toml, or another bucket: nothing in {region} was changed"
            raise _failed("E421", f"the bucket {wanted.name} is in {region}, not in {wanted.region}", hint)
        return region is not None

    def look(self, wanted: WantedBucket, environment: str) -> FoundBucket | None:
        return _found(self._s3(wanted, environment), wanted) if self.is_there(wanted, environment) else None

    def carry_out(self, wanted: WantedBucket, step: Step, environment: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            carry_out(self._s3(wanted, environment), wanted, step)
        except (BotoCoreError, ClientError) as error:
            if code(error) == TAKEN:
                raise _somebody_elses(wanted) from error
            message = f"{wanted.name}: AWS says no to this step ({explain(step)}): {reason(error)}"
            raise _failed("E425", message, _way(environment, denied=code(error) in REFUSED)) from error

    def _s3(self, wanted: WantedBucket, environment: str) -> Any:  # noqa: ANN401 (boto3's own)
        where = (environment, wanted.region)
        if where not in self._opened:
            self._opened[where] = self._client("s3", environment, region=wanted.region)
        return self._opened[where]


def _whereabouts(s3: Any, wanted: WantedBucket) -> str | None:  # noqa: ANN401
    """The region of the bucket, empty where it is not told; None where there is no bucket."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer = s3.head_bucket(Bucket=wanted.name, ExpectedBucketOwner=wanted.account_id)
    except ClientError as error:
        if code(error) in MISSING:
            return None
        if code(error) in REFUSED:
            raise _not_ours(s3, wanted) from error
        raise _unseen(wanted, error) from error
    except BotoCoreError as error:
        raise _unseen(wanted, error) from error
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or "")


def _not_ours(s3: Any, wanted: WantedBucket) -> OperationFailedError:  # noqa: ANN401
    """Why a bucket that there is does not let itself be looked at: S3 gives the same answer in three cases."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        s3.head_bucket(Bucket=wanted.name)
    except (BotoCoreError, ClientError):
        return _closed(s3, wanted)
    message = f"the bucket {wanted.name} is in another account than {wanted.account_id}, and lets you in"
    return _failed("E422", message, "name the right bucket in envctl.toml, or its account: nothing was changed there")


def _closed(s3: Any, wanted: WantedBucket) -> OperationFailedError:  # noqa: ANN401
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        pages = s3.get_paginator("list_buckets").paginate(Prefix=wanted.name, PaginationConfig={"PageSize": 100})
        owned = {bucket["Name"] for page in pages for bucket in page.get("Buckets", ())}
    except (BotoCoreError, ClientError):
        message = f"the bucket {wanted.name} is closed to you: it is somebody else's, or you may not look at it"
        return _failed("E424", message, f"allow s3:ListBucket on it, and s3:ListAllMyBuckets in {wanted.account_id}")
    if wanted.name in owned:
        message = f"the bucket {wanted.name} is in {wanted.account_id}, and you may not look at it"
        return _failed("E424", message, "allow s3:ListBucket on it")
    return _somebody_elses(wanted)


def _found(s3: Any, wanted: WantedBucket) -> FoundBucket:  # noqa: ANN401
    """Each part is looked at by itself: what is denied hides nothing else."""
    from botocore.exceptions import BotoCoreError, ClientError

    seen: dict[str, Any] = {}
    unseen: dict[Part, Problem] = {}
    for part in wanted.parts:
        try:
            seen |= LOOKS[part](s3, {"Bucket": wanted.name, "ExpectedBucketOwner": wanted.account_id})
        except (BotoCoreError, ClientError) as error:
            hint = f"allow {PERMISSIONS[part]} on it" if code(error) in REFUSED else "try again"
            unseen[part] = Problem("E424", f"can't be looked at: {reason(error)}", hint)
    return FoundBucket(**seen, unseen=unseen)


def code(error: Exception) -> str:
    response = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def reason(error: Exception) -> str:
    response = getattr(error, "response", None) or {}
    said = str(response.get("Error", {}).get("Message", "")).strip().rstrip(".")
    if said:
        return f"{said} ({code(error)})"
    return " ".join(str(error).split()).rstrip(".")


def _somebody_elses(wanted: WantedBucket) -> OperationFailedError:
    message = f"the bucket {wanted.name} belongs to somebody else: names are shared by all of AWS"
    return _failed("E420", message, "choose another name in envctl.toml: nothing was changed there")


def _unseen(wanted: WantedBucket, error: Exception) -> OperationFailedError:
    message = f"the bucket {wanted.name} can't be looked at: {reason(error)}"
    return _failed("E424", message, "check the network, the region and your credentials, and try again")


def _way(environment: str, *, denied: bool) -> str:
    if not denied:
        return "what was done before stays; mend the cause, and run it again"
    if not environment:
        return "sign in as somebody who may, and run it again: what was done before stays"
    return f"what was done before stays; as somebody of that account who may: envctl bootstrap {environment} --as-me"


def _failed(number: str, message: str, hint: str) -> OperationFailedError:
    return OperationFailedError(Problem(number, message, hint))
