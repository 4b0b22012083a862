"""The folder with the documents of a run of plans. Jobs of a pull request hand it on: its code may have written all."""

import os
from itertools import chain
from pathlib import Path

from envctl.adapters.disk.faults import to_printable
from envctl.adapters.disk.files import describe_kind
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.store.connect import store_folder
from envctl.adapters.store.object_store import ObstoreStore, StoreAddress
from envctl.domain.aws.bucket_lifecycle import RUN_FOLDER
from envctl.domain.errors import OperationFailedError, Problem, UsageError

MAX_BYTES = 64 << 20
"""Of one document."""


def open_results(folder: Path, project: Path, store_url: str) -> ObstoreStore:
    """Open the folder, which may be missing. Raises UsageError (E026) for one in the folder of the store, and
    OperationFailedError (E472) if it has a link, a special file, a large one, or an unprintable name.
    """
    root = resolve_path(folder)
    url = f"file://{root}"
    is_stored = store_url.startswith("file:") and root.is_relative_to(resolve_path(store_folder(project, store_url)))
    if is_stored or store_folder(root, url) != root:
        why = "it is in the folder of the store" if is_stored else "? and # can't be in its path"
        raise UsageError(Problem("E026", f"invalid --results {to_printable(folder)}: {why}", "name another folder"))
    runs = root / RUN_FOLDER
    below = (Path(parent, name) for parent, *names in os.walk(runs) for each in names for name in each)
    # Before the walk, which follows its first path only.
    for path in chain([runs] if os.path.lexists(runs) else [], below):
        status = path.lstat()
        why = "" if (kind := describe_kind(status)) in ("", "a folder") else f"it is {kind}"
        if status.st_size > MAX_BYTES or not path.name.isprintable():
            why = "its name is not printable" if status.st_size <= MAX_BYTES else f"it has over {MAX_BYTES >> 20} MiB"
        if why:
            hint = "hand the folder on as envctl wrote it, or start a new run in an empty one"
            raise OperationFailedError(Problem("E472", f"{to_printable(path)} can't be read: {why}", hint))
    return ObstoreStore(root, lambda: StoreAddress(url), dict)
