"""The buckets of a project with their credentials, each checked against its account."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from envctl.domain.aws.access import CallerIdentity, build_credentials_spec, find_states_credentials
from envctl.domain.aws.buckets import WantedBucket
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.release.place.environment_place import list_state_buckets
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

S3_SCHEME = "s3://"


@dataclass(frozen=True)
class BucketTarget:
    """A wanted bucket, and the credentials for it."""

    wanted: WantedBucket
    credentials: str  # The environment's name, or empty for the operator's own.
    problems: tuple[Problem, ...] = ()  # If any, leave the bucket alone.
    is_foreign: bool = False  # The credentials are of another account than the bucket.


def list_buckets(
    context: Context, environments: Sequence[str], *, store: bool, as_me: bool
) -> tuple[BucketTarget, ...]:
    """Return each bucket once: environments may share it. Raise ConfigurationError for two places or purposes."""
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
    return alike and {each.code for each in (*one.problems, *other.problems)} <= {"E509"}


def _iterate_buckets(
    context: Context, environments: Sequence[str], *, store: bool, as_me: bool
) -> Iterator[BucketTarget]:
    if store and context.project.store.url.startswith(S3_SCHEME):
        yield find_store_bucket(context)
    if context.project.state.backend == "s3":
        for name in environments:
            for found in find_state_buckets(context, name, as_me=as_me):
                yield _require_own_account(found)


def find_state_buckets(context: Context, environment: str, *, as_me: bool = False) -> tuple[BucketTarget, ...]:
    """Return the buckets with states of an environment, with the credentials that Terraform uses for them."""
    project = context.project
    owner = project.environments[environment].account_id or ""
    if not project.has_usual_states:
        from envctl.domain.config.states.state_place import find_bucket_owner

        owner = find_bucket_owner(project, environment)
    found = []
    for bucket, region in list_state_buckets(project, environment):
        wanted = WantedBucket(
            name=bucket, region=region, account_id=owner, purpose="state", environments=(environment,)
        )
        found.append(_check_state_account(context, wanted, environment, as_me=as_me))
    return tuple(found)


def _check_state_account(context: Context, wanted: WantedBucket, environment: str, *, as_me: bool) -> BucketTarget:
    """Check the caller: its account may be another one than that of the bucket."""
    credentials = "" if as_me else find_states_credentials(context.project, environment)
    expected = wanted.account_id
    if credentials == environment:
        expected = context.project.environments[environment].account_id or ""
    elif not credentials and not as_me:
        expected = ""
    found = _check_account(context.ports, replace(wanted, account_id=expected), credentials)
    owner = wanted.account_id or found.wanted.account_id
    is_foreign = owner != found.wanted.account_id
    return replace(found, wanted=replace(found.wanted, account_id=owner), is_foreign=is_foreign)


def _require_own_account(found: BucketTarget) -> BucketTarget:
    """Return the bucket, with a problem if its account is another one than that of the credentials."""
    if not found.is_foreign or found.problems:
        return found
    wanted = found.wanted
    message = (
        f"bucket {wanted.name} is in account {wanted.account_id}, and these credentials are of another:"
        " they may use the bucket, but not set it up"
    )
    hint = f"sign in to {wanted.account_id}, then: {format_command('bootstrap', as_me=True)}"
    return replace(found, credentials="", problems=(Problem("E509", message, hint),))


def find_store_bucket(context: Context) -> BucketTarget:
    bucket, _, prefix = context.project.store.url.removeprefix(S3_SCHEME).partition("/")
    own = build_credentials_spec(context.project, "")
    wanted = WantedBucket(
        name=bucket, region=own.region, account_id=own.account_id, purpose="store", prefix=prefix.strip("/")
    )
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
