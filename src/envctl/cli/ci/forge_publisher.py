"""Issues on the forge: one for each environment with drift."""

from typing import TYPE_CHECKING
from urllib.parse import unquote

from envctl.cli.ci.comment import add_marker
from envctl.cli.ci.job_run import ProjectPlace
from envctl.cli.ci.result_views import render_markdown
from envctl.cli.output.redaction import current_redaction
from envctl.domain.errors import EnvctlError

if TYPE_CHECKING:
    from envctl.adapters.forge.posts import ForgePost
    from envctl.cli.ci.forge import Forge
    from envctl.usecases.drift.result import Drift, EnvironmentDrift

LABEL = "envctl-drift"


TOP = ProjectPlace()


def update_drift_issues(forge: "Forge", drift: "Drift", place: ProjectPlace = TOP) -> None:
    """Keep one issue open for each environment with drift, and close it for a clean one. Unchecked environments change
    no issue. Continues after a failure, and raises the first one at the end.
    """
    existing: dict[str, ForgePost] = {}
    for note in forge.list_issues(LABEL):
        if note.machine:
            existing.setdefault(note.body.partition("\n")[0], note)
    failed: list[EnvctlError] = []
    for each in drift.environments:
        try:
            own, old = _mark_issue(each, "", place.folder).strip(), _mark_issue(each, "").strip()
            known = existing.get(own) or (existing.get(old) if place.may_adopt else None)
            _update_drift_issue(forge, each, known, place.folder)
        except EnvctlError as error:
            failed.append(error)
    if failed:
        raise failed[0]


def _mark_issue(each: "EnvironmentDrift", text: str, folder: str = "") -> str:
    return add_marker(f"drift in {each.environment}", text, folder)


def _update_drift_issue(forge: "Forge", each: "EnvironmentDrift", note: "ForgePost | None", folder: str) -> None:
    if each.drifted:
        from envctl.usecases.drift.result import Drift

        text = render_markdown(Drift((each,)), None)
        body = current_redaction().redact(_mark_issue(each, text, folder))
        if note is None:
            title = f"Drift in {each.environment}" + (f" ({unquote(folder)})" if folder else "")
            forge.open_issue(title, body, LABEL)
        elif note.body.rstrip() != body.rstrip():
            forge.edit_issue(note.number, body)
    elif note is not None and each.condition in ("clean", "empty") and each.whole:
        forge.close_issue(note.number)
