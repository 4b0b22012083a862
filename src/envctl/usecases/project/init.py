"""`envctl init NAME`: a new project, in a folder of its own, from a template."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Literal

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.release.contents import File
from envctl.domain.release.remote_modules import is_local
from envctl.domain.scaffold import templates
from envctl.usecases.ports.core import AlreadyExistsError, Ports
from envctl.usecases.project.load import known_environment


@dataclass(frozen=True)
class Choices:
    """What somebody wants to be other than the template has it; what is empty stays. `accounts` are by environment."""

    template: str = ""
    region: str = ""
    recovery_region: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Begun:
    """A new project, or one that would be made where the mode is `planned`. `files` are relative to its folder.
    `placeholders` are environments of which nobody has named the account yet, one for each account, and `next` are
    commands to type.
    """

    mode: Literal["done", "planned"]
    name: str
    folder: str
    template: str
    files: tuple[str, ...]
    placeholders: tuple[str, ...]
    next: tuple[str, ...]


def init(ports: Ports, name: str, choices: Choices | None = None, *, dry_run: bool = False) -> Begun:
    """Where nothing was chosen the person at the terminal is asked, if there is one. Raises UsageError for what can't
    be, before anything is written.
    """
    _refuse(ports, name)
    chosen = choices if choices and choices != Choices() else _asked(ports)
    template = chosen.template or templates.USUAL
    own, project = _opened(ports, template)
    words = {templates.NAME: name, **_regions(own, template, chosen), **_accounts(project, chosen.accounts)}
    files = {path: File(templates.filled(file.data, words), file.executable) for path, file in own.items()}
    files |= _modules(ports, project)
    if not dry_run:
        _lay(ports, name, files)
    begun = ports.ground.path(name)
    return Begun(
        mode="planned" if dry_run else "done",
        name=name,
        folder=begun,
        template=template,
        files=tuple(sorted(files)),
        placeholders=_unnamed(project, chosen.accounts),
        next=_next(project, begun),
    )


def _refuse(ports: Ports, name: str) -> None:
    if wrong := templates.wrong_name(name):
        raise UsageError(Problem("E020", wrong, f"envctl init {templates.mended(name)}"))
    if there := ports.ground.occupied(name):
        raise _occupied(there)


def _occupied(there: str) -> UsageError:
    return UsageError(Problem("E021", there, "name another project: nothing is ever written over"))


def _lay(ports: Ports, name: str, files: Mapping[str, File]) -> None:
    try:
        ports.ground.lay(name, files)
    except AlreadyExistsError as error:
        raise _occupied(str(error)) from None


def _asked(ports: Ports) -> Choices:
    """The template, the region, and the accounts."""
    ask = ports.consent.chooses
    listed = "\n".join(f"  {name:<9} {each.told}" for name, each in templates.TEMPLATES.items())
    template = ask(f"Templates:\n{listed}\nTemplate", templates.USUAL, templates.wrong_template)
    own, project = _opened(ports, template)
    region = ask("AWS region", templates.REGION, templates.wrong_region)
    recovery = ""
    if _has_recovery(own) and region not in templates.PARTNERS:
        recovery = ask("AWS region for backups", "", lambda each: templates.wrong_region(each) or _same(each, region))
    accounts = {}
    for name in _unnamed(project, {}):
        placeholder = project.environments[name].account_id
        question = f"AWS account of {name} (12 digits; nothing keeps the placeholder {placeholder})"
        accounts[name] = ask(question, "", lambda text: templates.wrong_account(text) if text else "")
    return Choices(template, region, recovery, {name: account for name, account in accounts.items() if account})


def _opened(ports: Ports, template: str) -> tuple[Mapping[str, File], Project]:
    """The template's own files, with the parts that come with it, and its project file as read."""
    own = dict(ports.templates.files(template))
    for place, source in templates.TEMPLATES[template].parts.items():
        words = {source: place}
        for path, file in ports.templates.shipped(source).items():
            own[place + path.removeprefix(source)] = File(templates.filled(file.data, words), file.executable)
    return own, ports.reader.project(own[PROJECT_FILE].data)


def _regions(own: Mapping[str, File], template: str, chosen: Choices) -> dict[str, str]:
    region = chosen.region or templates.REGION
    recovery = chosen.recovery_region or templates.PARTNERS.get(region, "")
    for each in filter(None, (region, recovery)):
        if wrong := templates.wrong_region(each):
            raise UsageError(Problem("E022", wrong, f"--region {templates.REGION}"))
    if not _has_recovery(own):
        if chosen.recovery_region:
            message = f"the template {template} keeps nothing in another region"
            raise UsageError(Problem("E022", message, "leave --recovery-region out, or take the template platform"))
        return {templates.REGION: region}
    if not recovery or recovery == region:
        message = _same(recovery, region) or f"nobody has said in which region the backups of {region} are kept"
        raise UsageError(Problem("E022", message, "name another region: --recovery-region REGION"))
    return {templates.REGION: region, templates.RECOVERY_REGION: recovery}


def _has_recovery(own: Mapping[str, File]) -> bool:
    return any(templates.RECOVERY_REGION.encode() in file.data for file in own.values())


def _same(recovery: str, region: str) -> str:
    return f"backups have to be in another region than {region} itself" if recovery == region else ""


def _accounts(project: Project, chosen: Mapping[str, str]) -> dict[str, str]:
    """What stands in the template, and what is to stand there."""
    found: dict[str, str] = {}
    for name, account in chosen.items():
        placeholder = project.environments[known_environment(project, name)].account_id or ""
        if wrong := templates.wrong_account(account):
            raise UsageError(Problem("E023", f"{name}: {wrong}", f"--account {name}=123456789012"))
        if found.setdefault(placeholder, account) != account:
            message = f"{name} shares its account with another environment, which was given another id"
            raise UsageError(Problem("E023", message, "give both the same, or change envctl.toml afterwards"))
    return found


def _unnamed(project: Project, chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Those whose account is still a placeholder, the first of each account."""
    by_account: dict[str, str] = {}
    for name in project.all_environments:
        by_account.setdefault(project.environments[name].account_id or "", name)
    named = {project.environments[name].account_id for name in chosen}
    return tuple(name for account, name in by_account.items() if account and account not in named)


def _modules(ports: Ports, project: Project) -> dict[str, File]:
    """The modules of the stacks and those that they call, with their pages and tests, as they are."""
    found: dict[str, File] = {}
    waiting = [normpath(stack.module) for stack in project.every_stack.values()]
    seen: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder not in seen:
            seen.add(folder)
            files = ports.templates.shipped(folder)
            found |= files
            waiting += _called(ports, folder, files)
    return found


def _called(ports: Ports, folder: str, files: Mapping[str, File]) -> Iterator[str]:
    code = {path.rpartition("/")[2]: file.data for path, file in files.items() if dirname(path) == folder}
    if not code:
        message = f"this envctl came without {folder}"
        raise OperationFailedError(Problem("E025", message, "install it again, or take another template"))
    for call in ports.reader.module(code, folder).calls:
        if is_local(call.source):
            yield normpath(join(folder, call.source))


def _next(project: Project, folder: str) -> tuple[str, ...]:
    order = project.order.order
    onward = f"envctl --sandbox promote {order[0]} {order[1]}"
    return (f"cd {shlex.quote(folder)}", "envctl validate", f"envctl --sandbox apply {order[0]}", onward)
