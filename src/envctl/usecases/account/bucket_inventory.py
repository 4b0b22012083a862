"""The buckets of a project with their credentials, each checked against its account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from envctl.domain.aws.access import CallerIdentity, build_credentials_spec
from envctl.domain.aws.buckets import WantedBucket
from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.load import resolve_place

S3_SCHEME = "s3://"


@dataclass(frozen=True)
class BucketTarget:
    """A wanted bucket, and the credentials for it."""

    wanted: WantedBucket
    credentials: str  # The environment's name, or empty for the operator's own.
    problems: tuple[Problem, ...] = ()  # If any, leave the bucket alone.


def list_buckets(
    context: Context, environments: Sequence[str], *, store: bool, as_me: bool
) -> tuple[BucketTarget, ...]:
    """Return each bucket once: environments of one account may share it.

    Raise ConfigurationError for one name with two places or purposes.
    """
    found: list[BucketTarget] = []
    for each in _iterate_buckets(context, environments, store=store, as_me=as_me):
        same = next((number for number, one in enumerate(found) if _is_same_bucket(one, each)), None)
        if same is None:
            found.append(each)
        else:
            together = (*found[same].wanted.environments, *each.wanted.environments)
            found[same] = replace(found[same], wanted=replace(each.wanted, environments=together))
    _require_distinct([each.wanted for each in found if not each.problems])
    return tuple(found)


def _is_same_bucket(one: BucketTarget, other: BucketTarget) -> bool:
    alike = replace(one.wanted, environments=()) == replace(other.wanted, environments=())
    return alike and not one.problems and not other.problems


def _iterate_buckets(
    context: Context, environments: Sequence[str], *, store: bool, as_me: bool
) -> Iterator[BucketTarget]:
    if store and context.project.store.url.startswith(S3_SCHEME):
        yield find_store_bucket(context)
    if context.project.state.backend == "s3":
        for name in environments:
            yield find_state_bucket(context, name, "" if as_me else name)


def find_state_bucket(context: Context, environment: str, credentials: str) -> BucketTarget:
    settings = resolve_place(context.project, environment).backend.settings
    account = context.project.environments[environment].account_id or ""
    wanted = WantedBucket(str(settings["bucket"]), str(settings["region"]), account, "state", (environment,))
    return _check_account(context.ports, wanted, credentials)


def find_store_bucket(context: Context) -> BucketTarget:
    bucket, _, prefix = context.project.store.url.removeprefix(S3_SCHEME).partition("/")
    own = build_credentials_spec(context.project, "")
    wanted = WantedBucket(bucket, own.region, own.account_id, "store", prefix=prefix.strip("/"))
    return _check_account(context.ports, wanted, "")


def _check_account(ports: Ports, wanted: WantedBucket, credentials: str) -> BucketTarget:
    """Return the bucket with the account of the caller, or with the problem of a wrong account."""
    try:
        caller = require_caller(ports, wanted.account_id, credentials)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return BucketTarget(wanted, credentials, tuple(error.problems))
    return BucketTarget(replace(wanted, account_id=caller.account_id, partition=caller.arn.split(":")[1]), credentials)


def require_caller(ports: Ports, account_id: str, credentials: str) -> CallerIdentity:
    """Return the caller. Raise OperationFailedError if it is not in the given account."""
    caller = ports.access.fetch_caller(credentials)
    if account_id and caller.account_id != account_id:
        whose = f"the credentials of {credentials} are" if credentials else "your own credentials are"
        message = f"{whose} for account {caller.account_id}, not for {account_id}: you are {caller.arn}"
        hint = "use a profile or role of that account, or correct account_id in envctl.toml; no changes were made there"
        raise OperationFailedError(Problem("E423", message, hint))
    return caller


def _require_distinct(wanted: Sequence[WantedBucket]) -> None:
    for number, one in enumerate(wanted):
        for other in wanted[:number]:
            if one.name == other.name:
                raise ConfigurationError(_describe_duplicate(other, one))


def _describe_duplicate(one: WantedBucket, other: WantedBucket) -> Problem:
    if one.purpose != other.purpose:
        message = (
            f"bucket {one.name} can't hold both the store and a state: states are overwritten, the store must not be"
        )
        return Problem("E427", message, "give the store a bucket of its own: [store] url in envctl.toml")
    uses = [f"{each.account_id}, {each.region} ({', '.join(each.environments)})" for each in (one, other)]
    message = f"bucket {one.name} can't be in two places: {' and '.join(uses)}"
    return Problem(
        "E427",
        message,
        'use a different name for each place: [state] bucket = "{project}-tfstate-{account_id}-{region}"',
    )
