"""Checks of credentials, identity, and the clock of this machine."""

from collections.abc import Iterator
from datetime import timedelta

from envctl.domain.aws.access import CallerIdentity, is_environment_on_aws, is_on_aws
from envctl.domain.errors import Problem
from envctl.usecases.account.bucket_inventory import require_caller
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, report_warning
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports

EXPIRES_SOON = timedelta(minutes=15)
CLOCK_WARNING, CLOCK_LIMIT = timedelta(seconds=60), timedelta(seconds=300)
"""AWS refuses what is signed 5 minutes off, and S3 15."""


def check_own_credentials(context: Context) -> Iterator[Row]:
    ports = context.ports
    if is_on_aws(context.project):
        yield _check_expiry(ports, ports.access.fetch_caller())
        yield _check_identity(ports)
    else:
        yield report_unchecked("credentials", "nothing of the project lies in AWS")


def check_environment_credentials(context: Context, environment: str) -> Iterator[Row]:
    settings = context.project.environments[environment]
    if not (is_environment_on_aws(settings) or context.project.state.backend == "s3"):
        yield report_unchecked("credentials", "envctl.toml names no account, role or profile of it")
        return
    caller = require_caller(context.ports, settings.account_id or "", environment)
    yield _check_expiry(context.ports, caller)
    if not settings.account_id:
        way = f'write it into envctl.toml: account_id = "{caller.account_id}"'
        yield report_warning("account", "envctl.toml does not say which account it is, and so nobody checks it", way)


def check_aws_clock(ports: Ports) -> Iterator[Row]:
    """Check the clock against earlier responses of AWS."""
    ahead = ports.access.clock_skew()
    if ahead is None:
        yield report_unchecked("clock", "no answer of AWS told the time")
        return
    off = abs(ahead)
    seen = f"{round(off.total_seconds())} s {'ahead of' if ahead > timedelta() else 'behind'} that of AWS"
    hint = "set this machine's clock, and let NTP keep it right"
    if off >= CLOCK_LIMIT:
        message = f"this machine's clock is {seen}, which refuses whoever is so far off"
        yield report_bad("clock", Problem("E428", message, hint))
    elif off >= CLOCK_WARNING:
        yield report_warning("clock", seen, hint)
    else:
        yield report_good("clock", seen)


def _check_identity(ports: Ports) -> Row:
    """Check the actor for the ledger, and report any doubt about it."""
    actor, doubt = ports.identity.identify_actor(), ports.identity.explain_doubt()
    if not doubt:
        return report_good("identity", str(actor))
    way = "docs/access.md says whom envctl believes; in a job of GitHub, hand its token over, and no keys"
    return report_warning("identity", f"{actor}: {doubt}", way)


def _check_expiry(ports: Ports, caller: CallerIdentity) -> Row:
    caller_name = f"{caller.arn.rpartition(':')[2]} in account {caller.account_id}"
    if caller.ends_at is None:
        return report_good("credentials", caller_name)
    left = caller.ends_at - ports.clock.now()
    minutes = max(0, left // timedelta(minutes=1))
    seen = f"{caller_name}, for {minutes} min more"
    if left > EXPIRES_SOON:
        return report_good("credentials", seen)
    return report_warning("credentials", seen, "sign in again before you deploy")
