"""`envctl init NAME`: creation of a new project from a template."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Literal

from envctl.domain.command_lines import add_sandbox, format_command
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.release.bundle import File
from envctl.domain.release.remote_modules import is_local_source
from envctl.domain.rules.document import find_rules
from envctl.domain.scaffold import signed_store, templates
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.project.environment_selection import require_environment

_OCCUPIED_HINT = "choose another name: init never overwrites files"


@dataclass(frozen=True)
class Choices:
    """Changes to the template; empty ones keep its defaults. `accounts` are by environment."""

    template: str = ""
    region: str = ""
    recovery_region: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    store: str = ""  # URL in S3
    store_account: str = ""


@dataclass(frozen=True, kw_only=True)
class InitResult:
    """A new project, or a planned one in the mode `planned`."""

    mode: Literal["done", "planned"]
    name: str
    folder: str
    template: str
    files: tuple[str, ...]  # paths in its folder
    placeholders: tuple[str, ...]  # the first environment of each account still to be named
    next: tuple[str, ...]  # commands to type
    on_aws: tuple[str, ...] = ()  # commands to type with an account: the store and its keys
    note: str = ""  # why the project requires no signatures although its store is on AWS


def init_project(ports: Ports, name: str, choices: Choices | None = None, *, dry_run: bool = False) -> InitResult:
    """Create the project; ask on a terminal without choices. Raises UsageError for invalid ones, before any writing."""
    if wrong := templates.find_name_fault(name):
        raise UsageError(Problem("E020", wrong, format_command("init", templates.to_valid_name(name))))
    if there := ports.project_folder.explain_occupied(name):
        raise UsageError(Problem("E021", there, _OCCUPIED_HINT))
    chosen = choices if choices and choices != Choices() else _prompt_choices(ports)
    template = chosen.template or templates.DEFAULT_TEMPLATE
    own, project = _load_template(ports, template)
    words = {
        templates.PLACEHOLDER_NAME: name,
        **_choose_regions(own, template, chosen),
        **_map_accounts(project, chosen.accounts),
    }
    files = {path: File(templates.replace_words(file.data, words), file.executable) for path, file in own.items()}
    files |= _collect_modules(Context(ports, project))
    note, validate = "", format_command("validate")
    steps, on_aws = [validate], tuple[str, ...]()
    if chosen.store or chosen.store_account:
        text, note = _write_store(ports, files[PROJECT_FILE].data.decode(), chosen)
        files[PROJECT_FILE] = File(text.encode())
        # Without its keys the project is not valid.
        steps, on_aws = [], (format_command("bootstrap"), format_command("ledger keys", create=True), validate)
    if not dry_run:
        try:
            ports.project_folder.create(name, files)
        except AlreadyExistsError as error:
            raise UsageError(Problem("E021", str(error), _OCCUPIED_HINT)) from None
    begun = ports.project_folder.path_for(name)
    first, second, *_ = project.order.order
    onward = (format_command("apply", first), format_command("promote", first, second))
    return InitResult(
        mode="planned" if dry_run else "done",
        name=name,
        folder=begun,
        template=template,
        files=tuple(sorted(files)),
        placeholders=_find_placeholders(project, chosen.accounts),
        next=(f"cd {shlex.quote(begun)}", *steps, *map(add_sandbox, onward)),
        on_aws=on_aws,
        note=note,
    )


def _write_store(ports: Ports, text: str, chosen: Choices) -> tuple[str, str]:
    """Return the project file with the store and its keys, and why it requires no signatures; empty if it does."""
    account, url = chosen.store_account, chosen.store.rstrip("/")
    if not re.fullmatch(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w./-]+)?", url, re.ASCII):
        message = f"--store {chosen.store!r} is not a place in S3"
        raise UsageError(
            Problem("E066", message, "write it as --store s3://BUCKET/PREFIX --store-account 123456789012")
        )
    if account and (wrong := templates.find_account_fault(account)):
        raise UsageError(Problem("E023", f"--store-account: {wrong}", "--store-account 123456789012"))
    project = ports.config_reader.parse_project(text.encode())
    here = project.environments
    looking = [name for name in project.order.order if here[name].look_role]
    gated = [name for name in project.order.order if find_rules(project, name).approvals]
    store = (url, here[project.entry].region or "", account)
    written = signed_store.write_signed_store(text, project, store, looking=looking, gated=gated)
    if signed_store.is_apart(project, account):
        return written, ""
    where = "in an account of the pipeline" if account else "in an unknown account (--store-account)"
    return written, f"approvals rest on the deployer: the store is {where}, so people get no key of their own"


def _prompt_choices(ports: Ports) -> Choices:
    ask = ports.prompter.prompt_text
    listed = "\n".join(f"  {name:<9} {each.description}" for name, each in templates.TEMPLATES.items())
    template = ask(f"Templates:\n{listed}\nTemplate", templates.DEFAULT_TEMPLATE, templates.find_template_fault)
    own, project = _load_template(ports, template)
    region = ask("AWS region", templates.PLACEHOLDER_REGION, templates.find_region_fault)
    recovery = ""
    if _has_recovery_region(own) and region not in templates.RECOVERY_REGIONS:
        check = templates.find_region_fault
        recovery = ask("AWS region for backups", "", lambda each: check(each) or _find_same_region(each, region))
    accounts = {}
    for name in _find_placeholders(project, {}):
        placeholder = project.environments[name].account_id
        question = f"AWS account of {name} (12 digits; empty keeps the placeholder {placeholder})"
        accounts[name] = ask(question, "", lambda text: templates.find_account_fault(text) if text else "")
    return Choices(template, region, recovery, {name: account for name, account in accounts.items() if account})


def _load_template(ports: Ports, template: str) -> tuple[Mapping[str, File], Project]:
    """Return the files of the template with its parts, and its parsed project file."""
    own = dict(ports.templates.load_template(template))
    for place, source in templates.TEMPLATES[template].parts.items():
        words = {source: place}
        for path, file in ports.templates.load_shipped(source).items():
            own[place + path.removeprefix(source)] = File(templates.replace_words(file.data, words), file.executable)
    return own, ports.config_reader.parse_project(own[PROJECT_FILE].data)


def _choose_regions(own: Mapping[str, File], template: str, chosen: Choices) -> dict[str, str]:
    region = chosen.region or templates.PLACEHOLDER_REGION
    recovery = chosen.recovery_region or templates.RECOVERY_REGIONS.get(region, "")
    for each in filter(None, (region, recovery)):
        if wrong := templates.find_region_fault(each):
            option = "--region" if each == region else "--recovery-region"
            raise UsageError(Problem("E022", wrong, f"{option} {templates.suggest_region(each)}"))
    if not _has_recovery_region(own):
        if chosen.recovery_region:
            message = f"the template {template} has no backups in another region"
            raise UsageError(Problem("E022", message, "leave --recovery-region out, or use the template platform"))
        return {templates.PLACEHOLDER_REGION: region}
    if not recovery or recovery == region:
        unsaid = f"the region for the backups of {region} is not set"
        message = _find_same_region(recovery, region) or unsaid
        raise UsageError(Problem("E022", message, "add a second region: --recovery-region REGION"))
    return {templates.PLACEHOLDER_REGION: region, templates.PLACEHOLDER_RECOVERY_REGION: recovery}


def _has_recovery_region(own: Mapping[str, File]) -> bool:
    return any(templates.PLACEHOLDER_RECOVERY_REGION.encode() in file.data for file in own.values())


def _find_same_region(recovery: str, region: str) -> str:
    return f"backups must be in another region than {region}" if recovery == region else ""


def _map_accounts(project: Project, chosen: Mapping[str, str]) -> dict[str, str]:
    """Map each placeholder account of the template to the chosen one."""
    found: dict[str, str] = {}
    for name, account in chosen.items():
        placeholder = project.environments[require_environment(project, name)].account_id or ""
        if wrong := templates.find_account_fault(account):
            raise UsageError(Problem("E023", f"{name}: {wrong}", f"--account {name}=123456789012"))
        if found.setdefault(placeholder, account) != account:
            message = f"{name} shares its account with another environment, but their ids differ"
            raise UsageError(Problem("E023", message, "give both the same, or change envctl.toml afterwards"))
    return found


def _find_placeholders(project: Project, chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return the first environment of each account still a placeholder."""
    by_account: dict[str, str] = {}
    for name in project.all_environments:
        by_account.setdefault(project.environments[name].account_id or "", name)
    named = {project.environments[name].account_id for name in chosen}
    return tuple(name for account, name in by_account.items() if account and account not in named)


def _collect_modules(context: Context) -> dict[str, File]:
    """Return the modules of the stacks and those they call, with docs and tests."""
    found: dict[str, File] = {}
    # Kubernetes objects are a part of the template, with its placeholders.
    waiting = [stack.folder for stack in context.project.every_stack.values() if not stack.is_kubernetes]
    seen: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder not in seen:
            seen.add(folder)
            files = context.ports.templates.load_shipped(folder)
            found |= files
            waiting += _list_called_folders(context.ports, folder, files)
    return found


def _list_called_folders(ports: Ports, folder: str, files: Mapping[str, File]) -> Iterator[str]:
    code = {path.rpartition("/")[2]: file.data for path, file in files.items() if dirname(path) == folder}
    if not code:
        message = f"this installation of envctl has no {folder}"
        raise OperationFailedError(Problem("E025", message, "install envctl again, or use another template"))
    for call in ports.config_reader.parse_module(code, folder).calls:
        if is_local_source(call.source):
            yield normpath(join(folder, call.source))
