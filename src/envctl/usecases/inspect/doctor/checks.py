"""The checks of `envctl doctor`: settings files, Terraform and its providers, credentials, buckets, and the ledger."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from posixpath import dirname

from envctl.domain.aws.access import CallerIdentity, is_on_aws
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, Problem
from envctl.domain.ledger.checkpoint import INTERVAL
from envctl.domain.ledger.signers import count_unsigned
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.terraform.provider_lock import shorten_address
from envctl.domain.terraform.version_constraints import is_version_allowed
from envctl.domain.text.lists import join_first
from envctl.usecases.account import secret_check
from envctl.usecases.account.bootstrap import inspect_bucket
from envctl.usecases.account.bucket_inventory import (
    S3_SCHEME,
    BucketTarget,
    find_state_buckets,
    find_store_bucket,
    require_caller,
)
from envctl.usecases.inspect.doctor.rows import Row, report_bad, report_good, report_unchecked, report_warning
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ledger.journal import load_checkpoint
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project.environment_selection import describe_gone, find_gone
from envctl.usecases.project.lock_providers import parse_versions
from envctl.usecases.project.terraform_program import UNPINNED, has_unpinned_program

MAX_FOLDERS, MAX_STACKS = 3, 12
EXPIRES_SOON = timedelta(minutes=15)
CLOCK_WARNING, CLOCK_LIMIT = timedelta(seconds=60), timedelta(seconds=300)
"""AWS refuses what is signed 5 minutes off, and S3 15."""
_BUCKET_ROW = "bucket"


def check_packages(ports: Ports) -> Iterator[Row]:
    """Check that no other installed package has the command `envctl`, or files of its Python package."""
    own, rivals = ports.installation.find_own_package(), ports.installation.list_rivals()
    if rivals:
        seen = f"another package also installs envctl: {', '.join(map(str, rivals))}"
        yield report_warning("packages", seen, ports.installation.suggest_removal(rivals))
    else:
        yield report_good("packages", str(own) if own else "envctl runs from a checkout")


def check_settings(ports: Ports) -> Iterator[Row]:
    try:
        valid = validate_project(ports)
    except ConfigurationError as error:
        first = error.problems[0]
        where = f"{first.location}: " if first.location else ""
        more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
        seen = f"{where}{first.code} {first.message}{more}"
        # A problem of the machine has no line: its hint is the whole fix.
        is_of_machine = first.location is None and len(error.problems) == 1
        mend = first.hint if is_of_machine else format_command("validate")
        yield report_bad("settings", *error.problems, seen=seen, mend=mend, misconfigured=True)
        return
    yield report_good("settings", f"{valid.settings} in {len(valid.environments)} environments, of the right types")


def check_terraform(ports: Ports, project: Project | None) -> Iterator[Row]:
    """Check the version of Terraform. Without a project, any version is fine."""
    installed = ports.terraform.detect_version((project and project.terraform.binary) or "")
    seen, wanted = f"{installed.version} ({installed.program})", project.terraform.version if project else ""
    pin = project.terraform.pin if project else None
    if installed.pinned and pin and installed.version != pin.version:
        message = f"[terraform.pin] names version {pin.version}, but its SHA-256 is that of {installed.version}"
        hint = format_command("terraform pin", installed.version)
        yield report_bad("terraform", Problem("E358", message, hint))
        return
    if is_version_allowed(wanted, installed.version):
        yield report_good("terraform", f"{seen}, pinned" if installed.pinned else seen)
        if project and has_unpinned_program(Context(ports, project)):
            yield report_warning("terraform pin", UNPINNED, format_command("terraform pin", installed.version))
        return
    message = f"Terraform is {seen}, but [terraform] version requires {wanted}"
    hint = "install a matching version, and set its path in [terraform] binary or ENVCTL_TERRAFORM"
    yield report_bad("terraform", Problem("E302", message, hint))


def check_provider_lock(context: Context) -> Iterator[Row]:
    ports = context.ports
    locked = parse_versions(ports.tree.read_contents(ports.provider_lock) or b"")
    if locked:
        seen = ", ".join(f"{shorten_address(address)} {number}" for address, number in locked.items())
        yield report_good("provider lock", seen)
    elif _was_deployed(context):
        yield report_good("provider lock", "none: no module needs a provider")
    else:
        way = f"the first apply writes it; then commit it: {format_command('apply', context.project.entry)}"
        yield report_warning("provider lock", f"{ports.provider_lock} has no provider yet", way)


def _was_deployed(context: Context) -> bool:
    """Check that the entry runs a release. False if the ledger can't be read: another check says so."""
    with suppress(EnvctlError):
        return journal.load(context.ports).find_environment(context.project.entry).current is not None
    return False


def check_provider_source(ports: Ports) -> Iterator[Row]:
    # The sandbox must not contact the registry.
    locked = parse_versions(ports.tree.read_contents(ports.provider_lock) or b"")
    source = ports.terraform.find_provider_source(locked, knock=not ports.sandbox)
    seen = f"from the {source.kind} {source.where}"
    if source.problem:
        message = f"providers can't be installed {seen}: {source.problem}"
        hint = "check the network and the proxy, or configure a mirror for Terraform"
        yield report_bad("providers", Problem("E325", message, hint))
    elif source.kind == "registry" and not source.asked:
        yield report_unchecked("providers", f"installed {seen}")
    else:
        yield report_good("providers", seen)


def check_provider_start(context: Context, environment: str) -> Iterator[Row]:
    """Report who starts the providers of each stack that is initialized here. No row without such a stack."""
    project, profile = context.project, context.project.environments[environment].profile or ""
    terraform, stacks = project.terraform, dict[str, list[str]]()
    for name in project.view_for(environment).stacks:
        stack = PreparedStack(name, binary=terraform.binary or "", profile=profile, warm=terraform.warm)
        reason = context.ports.terraform.explain_provider_start(environment, stack)
        if reason is not None:
            stacks.setdefault(reason, []).append(name)
    if stacks:
        starts = ((reason, join_first(names, MAX_STACKS)) for reason, names in sorted(stacks.items()))
        seen = (f"ordinary: {names} ({reason})" if reason else f"warm: {names}" for reason, names in starts)
        yield report_good("provider start", "; ".join(seen))


def check_own_credentials(context: Context) -> Iterator[Row]:
    ports = context.ports
    if is_on_aws(context.project):
        yield _check_expiry(ports, ports.access.fetch_caller())
        yield _check_identity(ports)
    else:
        yield report_unchecked("credentials", "the project uses no AWS")


def check_environment_credentials(context: Context, environment: str) -> Iterator[Row]:
    settings = context.project.environments[environment]
    if not (settings.is_on_aws or context.project.state.backend == "s3"):
        yield report_unchecked("credentials", "envctl.toml has no account, role or profile for it")
        return
    caller = require_caller(context.ports, settings.account_id or "", environment)
    yield _check_expiry(context.ports, caller)
    if not settings.account_id:
        way = f'add it to envctl.toml: account_id = "{caller.account_id}"'
        yield report_warning("account", "envctl.toml has no account_id for it, so the account is not checked", way)


def check_aws_clock(ports: Ports) -> Iterator[Row]:
    """Check the clock against earlier responses of AWS."""
    ahead = ports.access.clock_skew()
    if ahead is None:
        yield report_unchecked("clock", "no response of AWS had a time")
        return
    off = abs(ahead)
    seen = f"{round(off.total_seconds())} s {'ahead of' if ahead > timedelta() else 'behind'} that of AWS"
    hint = "set this machine's clock, and let NTP keep it right"
    if off >= CLOCK_LIMIT:
        message = f"this machine's clock is {seen}; AWS refuses requests so far off"
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
    way = f"sign in to AWS; in a CI job, use its token, not keys: {format_command('explain', 'G207')}"
    return report_warning("identity", f"{actor}: {doubt}", way)


def _check_expiry(ports: Ports, caller: CallerIdentity) -> Row:
    caller_name = f"{caller.arn.rpartition(':')[2]} in account {caller.account_id}"
    if caller.ends_at is None:
        return report_good("credentials", caller_name)
    left = caller.ends_at - ports.clock.now()
    minutes = max(0, left // timedelta(minutes=1))
    seen = f"{caller_name}, {minutes} min left"
    if left > EXPIRES_SOON:
        return report_good("credentials", seen)
    return report_warning("credentials", seen, "sign in again before you deploy")


def check_store_bucket(context: Context) -> Iterator[Row]:
    project = context.project
    if not project.store.url.startswith(S3_SCHEME):
        yield report_good("store", f"{project.store.url}, on the disk of this machine")
        return
    place = find_store_bucket(context)
    if [problem.code for problem in place.problems] == ["E423"]:
        # The store works across accounts, but only its own account may read the bucket settings.
        yield report_unchecked(
            _BUCKET_ROW, f"{place.wanted.name} is in account {place.wanted.account_id}, and you are in another"
        )
        return
    row = _check_bucket(context.ports, place, format_command("bootstrap"))
    if not project.store.account_id and [problem.code for problem in row.problems] == ["E422"]:
        way = "set [store] account_id, to be safe from a foreign bucket of the same name"
        row = report_warning(_BUCKET_ROW, f"{place.wanted.name} is not in your account", way)
    yield row


def check_state_bucket(context: Context, environment: str) -> Iterator[Row]:
    state = context.project.state
    if state.backend == "local":
        folders = {} if context.project.has_usual_states else _list_state_folders(context, environment)
        where = f" ({join_first(list(folders), MAX_FOLDERS)})" if folders else ""
        yield report_good("states", f"on the disk of this machine{where}")
    elif state.backend != "s3":
        yield report_unchecked("states", f"{state.backend}. Each plan reaches it with your credentials")
    else:
        for place in find_state_buckets(context, environment):
            yield _check_bucket(context.ports, place, format_command("bootstrap", environment))
        if tables := _list_lock_tables(context, environment):
            yield report_unchecked("lock", f"table {', '.join(tables)} in DynamoDB")


def _list_state_folders(context: Context, environment: str) -> dict[str, None]:
    from envctl.domain.config.states.state_identity import find_local_folder
    from envctl.domain.config.states.state_place import find_workspace, resolve_keys

    project, found = context.project, dict[str, None]()
    for stack in project.view_for(environment).stacks:
        keys, workspace = resolve_keys(project, environment, stack), find_workspace(project, environment, stack)
        found[find_local_folder(keys) if workspace else dirname(str(keys["path"])) or "."] = None
    return found


def _list_lock_tables(context: Context, environment: str) -> tuple[str, ...]:
    backend = resolve_place(context.project, environment).backend
    tables = (
        backend.settings_for_stack(each).get("dynamodb_table") for each in context.project.view_for(environment).stacks
    )
    return tuple(dict.fromkeys(str(each) for each in tables if each))


def check_secret_values(context: Context, environment: str) -> Iterator[Row]:
    """Check that an environment's secrets exist, without reading a value. A variable unset here may be set in CI."""
    found, error = secret_check.check_secrets(context.ports, (environment,))
    unset = [each.name for checked in found.environments for each in checked.variables if not each.is_set]
    name, problems = "secret values", [each for each in error.problems if each.code != "E233"] if error else []
    if problems:
        yield report_bad(name, *problems)
    elif unset:
        way = f"set them before a command that plans {environment}; CI has its own"
        yield report_warning(name, f"not set here: {', '.join(unset)}", way)
    else:
        count = sum(len(each.secrets) + len(each.variables) for each in found.environments)
        yield report_good(name, f"{count} found, and not read" if count else "the environment needs none")


def _check_bucket(ports: Ports, place: BucketTarget, way: str) -> Row:
    wanted = place.wanted
    if place.problems:
        return report_unchecked(_BUCKET_ROW, f"{wanted.name} needs the right credentials")
    _, report = inspect_bucket(ports, place)
    if report.problems:
        return report_bad(_BUCKET_ROW, *report.problems)
    named = {each: [f.name for f in report.findings if f.verdict == each] for each in ("bad", "warn", "unseen")}
    if named["bad"]:
        return report_bad(
            _BUCKET_ROW, Problem("E429", f"bucket {wanted.name} not found in account {wanted.account_id}", way)
        )
    if named["warn"]:
        seen = f"{wanted.name} has weak settings: {', '.join(named['warn'])}"
        return report_warning(_BUCKET_ROW, seen, f"{way} --check")
    if named["unseen"]:
        return report_unchecked(
            _BUCKET_ROW, f"{wanted.name} exists; no permission to read its {', '.join(named['unseen'])}"
        )
    return report_good(_BUCKET_ROW, f"{wanted.name} in {wanted.region}")


def check_ledger(context: Context) -> Iterator[Row]:
    present = journal.verify_ledger(context.ports)
    entries = present.seq
    read = journal.read_newest_first(context.ports, present)
    unsigned = sum(each.count for each in count_unsigned(context.ports.trust, read))
    authors = f"; authors not verified: {unsigned} are not signed" if unsigned and not context.ports.sandbox else ""
    seen = f"{'in order' if unsigned else 'verified'}: all {entries} entries match the chain{authors}"
    yield report_good("ledger", seen if entries else "no entries yet")
    if present.foreign:
        first, more = present.foreign[0], len(present.foreign) - 1
        seen = f"{first.key} is no entry: {first.why}" + (f"; and {more} more" if more else "")
        yield report_warning("foreign objects", seen, format_command("explain", "E056"))
    last = load_checkpoint(context.ports).seq
    since = entries - last
    if since > INTERVAL:
        seen = f"no usable one for the last {since} entries: reading is slower"
        following = (entries // INTERVAL + 1) * INTERVAL
        yield report_warning("checkpoints", seen, f"the next is written at entry {following}, automatically")
    elif last:
        yield report_good("checkpoints", f"the last is {since} entries old")
    if gone := find_gone(context, present):
        yield report_bad("environments", *map(describe_gone, gone))


def check_create_only(context: Context, *, probe: bool) -> Iterator[Row]:
    """Check create-only writes. Without `probe`, read the result of an earlier trial: no write permission needed."""
    if not context.project.store.url.startswith(S3_SCHEME):
        return
    if probe:
        yield Row(ledger_store.require_create_only(context.ports))
        return
    finding = ledger_store.read_probe(context.ports, format_command("doctor", probe=True))
    yield (
        report_bad(finding.name, ledger_store.OVERWRITE_PROBLEM, seen=finding.seen)
        if finding.verdict == "bad"
        else Row(finding)
    )
