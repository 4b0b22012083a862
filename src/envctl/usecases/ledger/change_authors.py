"""Authors whom git knows: of what a deployment takes from the working tree, and of releases recorded without them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.settings_places import ENVIRONMENTS_FOLDER, REMOVED_FILE, list_settings_places
from envctl.domain.guards import Request
from envctl.domain.guards.authors import list_changed_releases
from envctl.domain.guards.rules import has_new_rules
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.people.person_names import list_names
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports


def add_authors(context: Context, request: Request) -> Request:
    """Add who changed settings, rules and place since the deployment that runs in the target, if these changed, and the
    missing authors of releases.
    """
    current = request.target_state.current
    running = request.present.releases.get(current.release) if current else None
    # Older deployments recorded no commit: that of their release is earlier, and names more people.
    since = (current.commit if current else "") or (running.commit if running else "")
    paths: tuple[str, ...] = ()
    if current and request.settings and request.settings != current.settings:
        # The project file says where they are.
        paths = list_tree_paths(context.project, request.target, sorted(request.target_state.held_stacks))
    elif current and request.place and request.place != current.place:
        paths = (PROJECT_FILE,)
    rules, no_rules = _list_authors(context.ports, request, (PROJECT_FILE,) if has_new_rules(request) else (), since)
    tree, no_tree = _list_authors(context.ports, request, paths, since)
    makers, no_makers = _list_missing_makers(context.ports, request, running)
    unknown = no_rules or no_tree or no_makers
    return replace(request, wrote_rules=rules, wrote_tree=(*tree, *makers), unknown_authors=unknown)


def list_tree_paths(project: Project, environment: str, stacks: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the project file, and all paths of settings of one environment, with those of removed files. `stacks` are
    stacks beside those of the project.
    """
    folder = f"{ENVIRONMENTS_FOLDER}/{environment}"
    usual = () if project.settings.files else (folder, f"{folder}/{REMOVED_FILE}")
    places = (place.path for place in list_settings_places(project, environment, stacks))
    return (PROJECT_FILE, *usual, *places)


def _list_authors(ports: Ports, request: Request, paths: Sequence[str], since: str) -> tuple[tuple[str, ...], str]:
    """Return the authors of paths, and what git lacks. What is in no commit is of the person who gives the command."""
    if not paths:
        return (), ""
    revision = ports.version_control.read_revision(paths)
    own = list_names(request.actor) if revision.commit and revision.uncommitted else ()
    found = ports.version_control.list_path_authors(paths, since)
    what = "settings and envctl.toml" if len(paths) > 1 else paths[0]
    return (*(found or ()), *own), "" if found is not None else _describe_gap(f"the changes of {what}", since)


def _list_missing_makers(ports: Ports, request: Request, running: KnownRelease | None) -> tuple[tuple[str, ...], str]:
    if not any(each.unknown_authors for each in list_changed_releases(request)):
        return (), ""
    # A rollback takes the commits between back.
    ends = sorted((each for each in (running, request.known_release) if each), key=lambda each: each.seq)
    until = ends[-1].commit if ends else ""
    since = ends[0].commit if len(ends) > 1 else ""
    found = ports.version_control.list_contributors(since or f"{until}^1", until)
    gap = _describe_gap(f"the commits of release {shorten_id(request.identity)}", since)
    return tuple(found or ()), "" if found is not None else gap


def _describe_gap(what: str, since: str) -> str:
    return f"this clone does not have {what}{f' since {since[:12]}' if since else ''}"
