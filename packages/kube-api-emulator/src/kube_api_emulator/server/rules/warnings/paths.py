"""Warnings of files in a volume whose paths overlap.

Source: k8s.io/kubernetes v1.36.2, pkg/api/pod/warnings.go (warningsForOverlappingVirtualPaths, extractPaths,
checkVolumeMappingForOverlap, checkForOverlap).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Part = Mapping[str, Any]

# The kinds of volumes with files, how they are shown, and the field with their name.
_KINDS = (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName"), ("downwardAPI", "DownwardAPI", ""))


class _File(NamedTuple):
    path: str
    source: str

    def __str__(self) -> str:
        shown = json.dumps(self.path, ensure_ascii=False)
        return f"{shown} ({self.source})" if self.source else shown


def warn_of_paths(volume: Part) -> Iterator[str]:
    """Yield the overlapping paths of a volume, and its sources without anything."""
    name = json.dumps(volume.get("name") or "", ensure_ascii=False)
    for kind, shown, field in _KINDS:
        items = (volume.get(kind) or {}).get("items")
        title = f"{shown} {json.dumps(volume[kind].get(field) or '')}" if items and field else shown
        for text in _list_overlaps(_File(each.get("path") or "", "") for each in items or ()):
            yield f"volume {name} ({title}): overlapping paths: {text}"
    files: list[_File] = []
    for source in (volume.get("projected") or {}).get("sources") or ():
        if all(value is None for value in source.values()):
            yield f"volume {name} (Projected) has no sources provided"
            continue
        for text in _list_overlaps(_list_files(source), files):
            yield f"volume {name} (Projected): overlapping paths: {text}"


def _list_files(source: Part) -> Sequence[_File]:
    """Return the files of a source of a projected volume."""
    for kind, shown, _ in _KINDS:
        if (source.get(kind) or {}).get("items") is not None:
            title = shown if kind == "downwardAPI" else f"{shown} {json.dumps(source[kind].get('name') or '')}"
            return [_File(each.get("path") or "", title) for each in source[kind]["items"]]
    if source.get("serviceAccountToken") is not None:
        return [_File(source["serviceAccountToken"].get("path") or "", "ServiceAccountToken")]
    if (bundle := source.get("clusterTrustBundle")) is not None:
        named = json.dumps(bundle["name"] if bundle.get("name") is not None else bundle.get("signerName") or "")
        return [_File(bundle.get("path") or "", f"ClusterTrustBundle {named}")]
    certificate = source.get("podCertificate") or {}
    fields = (
        ("certificateChainPath", "chain"),
        ("keyPath", "key"),
        ("credentialBundlePath", "credential bundle"),
    )
    return [_File(certificate[name], f"PodCertificate {shown}") for name, shown in fields if certificate.get(name)]


def _list_overlaps(files: Iterable[_File], known: list[_File] | None = None) -> Iterator[str]:
    """Yield the overlaps of files with those before them, and add them to the known ones."""
    known = [] if known is None else known
    for each in files:
        file = each._replace(path=each.path.rstrip("/"))
        for other in known if file.path else ():
            one, two = f"{file.path}/", f"{other.path}/"
            if other.path and (one.startswith(two) or two.startswith(one)):
                yield f"{file} with {other}"
        known.append(file)
