"""Owners of fields, and takeovers by envctl."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envctl.domain.kubernetes.fields.paths import (
    MISSING,
    ItemKey,
    Path,
    format_path,
    format_server_path,
    list_owned_fields,
    select_field,
)
from envctl.domain.kubernetes.objects import NAMESPACE, Manifest, is_noise

# Parts of a cluster that write into objects by their office: that is no drift.
_CONTROLLERS = re.compile(
    r"kube-(controller-manager|scheduler|apiserver|proxy)|kubelet|eks|vpcLambda|karpenter|istiod|pilot-discovery"
    r"|(.*-)?(controller|operator|autoscaler|manager|injector|provisioner|webhook)(-.*)?|external-secrets|keda"
    r"|PrometheusOperator"
)
# Tools that made an object before envctl. Their fields become envctl's with the adoption: a field that a later release
# drops would stay for ever otherwise (kubernetes#99003).
_OF_EACH_NAMESPACE = (("spec", "finalizers"), ("metadata", "labels", "kubernetes.io/metadata.name"))
"""Fields that the API gives to each namespace. They belong to the manager that created it without an apply."""
_EARLIER_TOOLS = re.compile(
    r"kubectl(-.*)?|helm|Helm|Go-http-client|before-first-apply|Terraform|HashiCorp|pulumi-.*|kapp.*|skaffold.*"
)
_OTHER_DEPLOYERS = {
    "Argo CD": re.compile(r"argocd(-.*)?"),
    "Flux": re.compile(r"kustomize-controller|helm-controller|flux(-.*)?"),
}
_OTHER_LABELS = {"Argo CD": "argocd.argoproj.io/", "Flux": "kustomize.toolkit.fluxcd.io/"}
_OTHER_FLUX_LABEL = "helm.toolkit.fluxcd.io/"
_BY_OTHERS = "not by an apply of envctl"
_CONFLICT = re.compile(r'conflict with "([^"]+)"(?: with subresource "([^"]+)")?')


@dataclass(frozen=True, order=True)
class FieldOwner:
    """A field, and its manager."""

    path: str  # for people
    manager: str
    subresource: str = ""  # part of the API it was written by, such as `scale`; empty for the object itself
    in_own_name: bool = False  # true for the name of envctl, written by no apply: others can use it too

    @property
    def manager_text(self) -> str:
        how = ", ".join(
            [*([self.subresource] if self.subresource else ()), *([_BY_OTHERS] if self.in_own_name else ())]
        )
        return f'"{self.manager}"{f" ({how})" if how else ""}'


@dataclass(frozen=True)
class ForeignField:
    """A field of another manager that envctl does not own."""

    path: Path
    owner: FieldOwner
    value: Any  # in the live object
    time: str = ""  # of the last write, as the server notes it


def parse_conflicts(causes: Iterable[tuple[str, str]]) -> tuple[FieldOwner, ...]:
    """Return fields and owners in the conflicts of a refused server-side apply. Causes have the server's words."""
    found = set[FieldOwner]()
    for field, message in causes:
        if match := _CONFLICT.search(message):
            found.add(FieldOwner(format_server_path(field), match[1], match[2] or ""))
    return tuple(sorted(found))


def is_controller(manager: str) -> bool:
    """Check if a manager writes by its office: that is no drift."""
    return bool(_CONTROLLERS.fullmatch(manager)) and not manager.startswith("envctl-")


def is_trusted(manager: str, names: Sequence[str]) -> bool:
    """Check if the project trusts a manager. `*` in a name stands for any text."""
    return any(re.fullmatch(".*".join(map(re.escape, each.split("*"))), manager) for each in names)


def find_other_deployer(live: Manifest) -> str:
    """Return the program that deploys this object, Argo CD or Flux, or an empty text."""
    metadata = live["metadata"]
    notes = [*(metadata.get("labels") or {}), *(metadata.get("annotations") or {})]
    for name, pattern in _OTHER_DEPLOYERS.items():
        if any(pattern.fullmatch(str(entry.get("manager", ""))) for entry in _list_entries(live)):
            return name
        prefixes = (_OTHER_LABELS[name], *((_OTHER_FLUX_LABEL,) if name == "Flux" else ()))
        if any(note.startswith(prefixes) for note in notes):
            return name
    return ""


def list_earlier_tools(live: Manifest, manager: str) -> tuple[str, ...]:
    """Return the tools whose fields an adoption takes over; none if envctl has applied the object already."""
    if is_applied_by(live, manager):
        return ()
    return tuple(dict.fromkeys(entry["manager"] for entry in _list_entries(live) if _is_earlier(entry)))


def is_applied_by(live: Manifest, manager: str) -> bool:
    """Check if a manager has applied the object itself."""
    return any(_is_own(entry, manager) for entry in _list_entries(live))


def list_managers(live: Manifest) -> tuple[str, ...]:
    """Return the managers of the object itself. A manager of a part alone, such as the status, is not among them."""
    entries = (entry for entry in _list_entries(live) if not entry.get("subresource"))
    return tuple(dict.fromkeys(str(entry.get("manager")) for entry in entries if entry.get("manager")))


def adopt_entries(live: Manifest, manager: str) -> list[dict[str, Any]] | None:
    """Return the entries of `managedFields` with those of earlier tools as one of this manager; None without any."""
    if not list_earlier_tools(live, manager):
        return None
    entries = _list_entries(live)
    earlier = [entry for entry in entries if _is_earlier(entry)]
    tree: dict[str, Any] = {}
    for entry in earlier:
        _merge_fields(tree, entry.get("fieldsV1") or {})
    own = {**earlier[0], "manager": manager, "operation": "Apply", "fieldsV1": tree}
    return [*(dict(entry) for entry in entries if not _is_earlier(entry)), own]


def list_dropped_fields(live: Manifest, desired: Manifest, manager: str) -> tuple[Path, ...]:
    """Return the fields that go with the adoption: earlier tools alone own them, and the release does not set them."""
    if not list_earlier_tools(live, manager):
        return ()
    entries = _list_entries(live)
    kept = {path for entry in entries if not _is_earlier(entry) for path in _list_fields(entry)}
    earlier = {path for entry in entries if _is_earlier(entry) for path in _list_fields(entry)}
    dropped = {
        _find_dropped_part(path, desired, kept)
        for path in earlier - kept
        if select_field(desired, path) is MISSING
        and not _is_noise_path(live, path)
        and select_field(live, path) not in (MISSING, None, "", {}, [])
    }
    return tuple(sorted(dropped, key=lambda path: (len(path), format_path(path))))


def _find_dropped_part(path: Path, desired: Manifest, kept: Collection[Path]) -> Path:
    """Return the item of a list that goes with the field, or the field itself."""
    for end, step in enumerate(path, 1):
        item = path[:end]
        if (
            isinstance(step, ItemKey)
            and select_field(desired, item) is MISSING
            and not any(each[:end] == item for each in kept)
        ):
            return item
    return path


def find_foreign_fields(live: Manifest, manager: str, trusted: Sequence[str] = ()) -> tuple[ForeignField, ...]:
    """Return the fields that this manager has not applied, except those of controllers.

    Who writes in its name is another one: each writer of an object can choose its name, and no server checks it.
    """
    own = set(list_own_fields(live, manager))
    found: dict[Path, ForeignField] = {}
    for entry in _list_entries(live):
        name = str(entry.get("manager", ""))
        if _is_own(entry, manager) or is_controller(name) or is_trusted(name, trusted):
            continue
        for path in _list_fields(entry):
            value = select_field(live, path)
            if path in own or path in found or value is MISSING or _is_noise_path(live, path):
                continue
            owner = FieldOwner(format_path(path), name, str(entry.get("subresource") or ""), name == manager)
            found[path] = ForeignField(path, owner, value, str(entry.get("time") or ""))
    return tuple(sorted(found.values(), key=lambda each: each.owner))


def list_own_fields(live: Manifest, manager: str) -> tuple[Path, ...]:
    """Return the fields that this manager has applied."""
    return tuple(path for entry in _list_entries(live) if _is_own(entry, manager) for path in _list_fields(entry))


def list_fields_by_manager(live: Manifest) -> dict[str, set[Path]]:
    """Return the fields of each manager, written through any part of the API."""
    found: dict[str, set[Path]] = {}
    for entry in _list_entries(live):
        found.setdefault(str(entry.get("manager", "")), set()).update(_list_fields(entry))
    return found


def _list_entries(live: Manifest) -> list[Mapping[str, Any]]:
    return list(live["metadata"].get("managedFields") or ())


def _list_fields(entry: Mapping[str, Any]) -> Iterator[Path]:
    yield from list_owned_fields(entry.get("fieldsV1") or {})


def _is_own(entry: Mapping[str, Any], manager: str) -> bool:
    """Check if a manager has applied the object itself: envctl writes in no other way."""
    applied = entry.get("operation") == "Apply" and not entry.get("subresource")
    return applied and entry.get("manager") == manager


def _is_earlier(entry: Mapping[str, Any]) -> bool:
    return not entry.get("subresource") and bool(_EARLIER_TOOLS.fullmatch(str(entry.get("manager", ""))))


def _is_noise_path(live: Manifest, path: Path) -> bool:
    """Check if a field is no configuration: controllers, or the API itself, write it on each object of the kind."""
    if live.get("kind") == NAMESPACE and path[:3] in _OF_EACH_NAMESPACE:
        return True
    if path[0] == "status" or path[:2] in (("metadata", "finalizers"), ("metadata", "ownerReferences")):
        return True
    return path[:2] == ("metadata", "annotations") and len(path) > 2 and is_noise(str(path[2]))  # noqa: PLR2004 (its key)


def _merge_fields(into: dict[str, Any], tree: Mapping[str, Any]) -> None:
    for name, below in tree.items():
        _merge_fields(into.setdefault(name, {}), below)
