"""The history of StatefulSets and DaemonSets: one ControllerRevision for each template.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/history/controller_history.go (NewControllerRevision),
pkg/controller/statefulset/stateful_set_control.go (getStatefulSetRevisions, truncateHistory).
"""

from kube_api_emulator.server.controllers.context import Context, refer_to
from kube_api_emulator.server.resources import Object

REVISION_LABEL = "controller-revision-hash"
_HISTORY = 10


def has_revision(pod: Object, revision: str) -> bool:
    return bool((pod["metadata"].get("labels") or {}).get(REVISION_LABEL) == revision)


def save_revision(context: Context, item: Object, name: str) -> None:
    """Keep the current template under a name, as the newest one, and drop what is too old."""
    revisions = context.find("apps", "controllerrevisions")
    known = sorted(context.list_owned(revisions, item), key=lambda each: int(each["revision"]))
    if known and known[-1]["metadata"]["name"] == name:
        return
    number = int(known[-1]["revision"]) + 1 if known else 1
    found = next((each for each in known if each["metadata"]["name"] == name), None)
    if found:
        context.change(revisions, found, lambda changed: changed.update(revision=number))
    else:
        data = {"spec": {"template": {**item["spec"]["template"], "$patch": "replace"}}}
        labels = (item["spec"].get("selector") or {}).get("matchLabels") or {}
        metadata = {"name": name, "labels": labels, "ownerReferences": [refer_to(item)]}
        body = {"metadata": metadata, "revision": number, "data": data}
        context.create(revisions, item["metadata"]["namespace"], body)
    limit = int(item["spec"].get("revisionHistoryLimit", _HISTORY)) + 1
    for each in known[: max(0, len(known) + 1 - limit)]:
        if each["metadata"]["name"] != name:
            context.delete(revisions, each)
