"""What the request of a CI job changes besides resources, by git alone: no network is needed."""

from posixpath import join, normpath

from envctl.domain.ci.request_changes import RequestChange, list_request_changes
from envctl.domain.config.checks.command import CommandCheck
from envctl.domain.terraform.bundle_paths import to_project_path
from envctl.usecases.ports.context import Context
from envctl.usecases.project.watched_folders import list_further_folders

MAX_FILES = 2000


def find_request_changes(context: Context) -> tuple[RequestChange, ...]:
    """Return the changes of rules, workflows and programs; empty outside of a request, or if git can't tell."""
    ports, project = context.ports, context.project
    base = ports.job_requests.find_base(ports.version_control.read_revision(()).commit)
    changed = ports.version_control.list_changes(base) if base else None
    folder = ports.version_control.locate_project()
    if not changed or folder is None:
        return ()
    prefix = f"{folder}/" if folder else ""
    shared = {f"{normpath(join(folder, each))}/" for each in list_further_folders(ports, project)}
    sources = [path for path in changed if path.endswith(".tf") and path.startswith((prefix, *shared))][:MAX_FILES]
    modules = {path: ports.tree.read_contents(to_project_path(folder, path)) or b"" for path in sources}
    commands = [check.command for check in project.every_check.values() if isinstance(check, CommandCheck)]
    commands += [project.cost.command] if project.cost else []
    return list_request_changes(changed, folder, [word for command in commands for word in command], modules)
