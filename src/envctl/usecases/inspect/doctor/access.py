"""Who one is, for how long, and whether this machine's clock is one that AWS believes."""

from collections.abc import Iterator
from datetime import timedelta

from envctl.domain.aws.access import Caller, on_aws, on_aws_there
from envctl.domain.config.project import Project
from envctl.domain.errors import Problem
from envctl.usecases.account.bucket_inventory import demand_account
from envctl.usecases.inspect.doctor.rows import Row, bad, good, unseen, warn
from envctl.usecases.ports.core import Ports

SOON = timedelta(minutes=15)
TELLS, REFUSES = timedelta(seconds=60), timedelta(seconds=300)
"""AWS refuses what is signed 5 minutes off, and S3 15."""


def own(ports: Ports, project: Project) -> Iterator[Row]:
    if on_aws(project):
        yield _lasting(ports, ports.access.caller())
        yield _identity(ports)
    else:
        yield unseen("credentials", "nothing of the project lies in AWS")


def of_environment(ports: Ports, project: Project, environment: str) -> Iterator[Row]:
    there = project.environments[environment]
    if not (on_aws_there(there) or project.state.backend == "s3"):
        yield unseen("credentials", "envctl.toml names no account, role or profile of it")
        return
    caller = demand_account(ports, there.account_id or "", environment)
    yield _lasting(ports, caller)
    if not there.account_id:
        way = f'write it into envctl.toml: account_id = "{caller.account_id}"'
        yield warn("account", "envctl.toml does not say which account it is, and so nobody checks it", way)


def clock(ports: Ports) -> Iterator[Row]:
    """After AWS has been asked something."""
    ahead = ports.access.ahead()
    if ahead is None:
        yield unseen("clock", "no answer of AWS told the time")
        return
    off = abs(ahead)
    seen = f"{round(off.total_seconds())} s {'ahead of' if ahead > timedelta() else 'behind'} that of AWS"
    hint = "set this machine's clock, and let NTP keep it right"
    if off >= REFUSES:
        message = f"this machine's clock is {seen}, which refuses whoever is so far off"
        yield bad("clock", Problem("E428", message, hint))
    elif off >= TELLS:
        yield warn("clock", seen, hint)
    else:
        yield good("clock", seen)


def _identity(ports: Ports) -> Row:
    """As whom the ledger names one, and why that is not the actor of the job."""
    actor, doubt = ports.identity.actor(), ports.identity.doubt()
    if not doubt:
        return good("identity", str(actor))
    way = "docs/access.md says whom envctl believes; in a job of GitHub, hand its token over, and no keys"
    return warn("identity", f"{actor}: {doubt}", way)


def _lasting(ports: Ports, caller: Caller) -> Row:
    who = f"{caller.arn.rpartition(':')[2]} in account {caller.account_id}"
    if caller.ends_at is None:
        return good("credentials", who)
    left = caller.ends_at - ports.clock.now()
    minutes = max(0, left // timedelta(minutes=1))
    seen = f"{who}, for {minutes} min more"
    return good("credentials", seen) if left > SOON else warn("credentials", seen, "sign in again before you deploy")
