"""Which buckets a project needs, and whose credentials lead to each: an account answers for itself first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from envctl.domain.aws.access import Caller, passport
from envctl.domain.aws.buckets import WantedBucket
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.state_location import place

S3 = "s3://"


@dataclass(frozen=True)
class BucketPlace:
    """`credentials` are those of that environment, or one's own where it is empty. `problems` say why nothing is to be
    done there.
    """

    wanted: WantedBucket
    credentials: str
    problems: tuple[Problem, ...] = ()


def places(
    ports: Ports, project: Project, environments: Sequence[str], *, store: bool, as_me: bool
) -> tuple[BucketPlace, ...]:
    """One for each bucket: several environments of an account may share one. Raises ConfigurationError where one bucket
    would have to be in two places, or be two things.
    """
    found: list[BucketPlace] = []
    for each in _each(ports, project, environments, store=store, as_me=as_me):
        same = next((number for number, one in enumerate(found) if _one_bucket(one, each)), None)
        if same is None:
            found.append(each)
        else:
            together = (*found[same].wanted.environments, *each.wanted.environments)
            found[same] = replace(found[same], wanted=replace(each.wanted, environments=together))
    _demand_apart([each.wanted for each in found if not each.problems])
    return tuple(found)


def _one_bucket(one: BucketPlace, other: BucketPlace) -> bool:
    alike = replace(one.wanted, environments=()) == replace(other.wanted, environments=())
    return alike and not one.problems and not other.problems


def _each(
    ports: Ports, project: Project, environments: Sequence[str], *, store: bool, as_me: bool
) -> Iterator[BucketPlace]:
    if store and project.store.url.startswith(S3):
        yield of_store(ports, project)
    if project.state.backend == "s3":
        for name in environments:
            yield of_state(ports, project, name, "" if as_me else name)


def of_state(ports: Ports, project: Project, environment: str, credentials: str) -> BucketPlace:
    settings = place(project, environment).backend.settings
    account = project.environments[environment].account_id or ""
    wanted = WantedBucket(str(settings["bucket"]), str(settings["region"]), account, "state", (environment,))
    return _checked(ports, wanted, credentials)


def of_store(ports: Ports, project: Project) -> BucketPlace:
    bucket, _, prefix = project.store.url.removeprefix(S3).partition("/")
    own = passport(project, "")
    return _checked(ports, WantedBucket(bucket, own.region, own.account_id, "store", prefix=prefix.strip("/")), "")


def _checked(ports: Ports, wanted: WantedBucket, credentials: str) -> BucketPlace:
    """With the account that answers, which must be the one that is wanted."""
    try:
        caller = demand_account(ports, wanted.account_id, credentials)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return BucketPlace(wanted, credentials, tuple(error.problems))
    return BucketPlace(
        replace(wanted, account_id=caller.account_id, partition=caller.arn.split(":")[1]),
        credentials,
    )


def demand_account(ports: Ports, account_id: str, credentials: str) -> Caller:
    """Who answers. Raises OperationFailedError where that is not the account that is wanted, if one is."""
    caller = ports.access.caller(credentials)
    if account_id and caller.account_id != account_id:
        whose = f"the credentials of {credentials} lead" if credentials else "your own credentials lead"
        message = f"{whose} to the account {caller.account_id}, not to {account_id}: you are {caller.arn}"
        hint = "take a profile or a role of that account, or correct account_id in envctl.toml; nothing was done there"
        raise OperationFailedError(Problem("E423", message, hint))
    return caller


def _demand_apart(wanted: Sequence[WantedBucket]) -> None:
    for number, one in enumerate(wanted):
        for other in wanted[:number]:
            if one.name == other.name:
                raise ConfigurationError(_twice(other, one))


def _twice(one: WantedBucket, other: WantedBucket) -> Problem:
    if one.purpose != other.purpose:
        message = f"the bucket {one.name} would hold the store and a state, which has to be written over"
        return Problem("E427", message, "give the store a bucket of its own: [store] url in envctl.toml")
    told = [f"{each.account_id}, {each.region} ({', '.join(each.environments)})" for each in (one, other)]
    message = f"the bucket {one.name} would have to be in two places: {' and '.join(told)}"
    return Problem("E427", message, 'let its name differ: [state] bucket = "{project}-tfstate-{account_id}-{region}"')
