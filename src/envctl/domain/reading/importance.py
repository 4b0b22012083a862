"""What is read first: destroyed, dangerous, access, images, numbers, ports and storage, then all else.

A danger is a changed value. Its word says what the value opens, which protection it removes, or what it lowers. A
policy is read leaf by leaf, without the statements that deny.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache

from envctl.domain.plan.changes import Action
from envctl.domain.plan.fingerprint import list_leaves, to_canonical_json
from envctl.domain.reading.reading import ReadChange, ReadValue
from envctl.domain.text.json_documents import ABSENT, parse_json_document

LOSES = frozenset(map(str, (Action.DELETE, Action.REPLACE, Action.FORGET, Action.RENEW, Action.INVOKE)))
DESTROYED, OPEN, ACCESS, NUMBER, STORAGE, OTHER = 0, 1, 2, 4, 6, 7
WORLD, ALL, HOST, FOREIGN = "open to everybody", "all actions", "on the host", "another account"
BARE, LOWERED, CHANGED, RESOURCES = "less protection", "lowered", "changed", "all resources"
OUTWARD = "open outwards"
DANGERS = (WORLD, ALL, HOST, FOREIGN, BARE, LOWERED, CHANGED, RESOURCES, OUTWARD)
"""The words of dangers, the worst first. Most plans have some of the last three: they alone move no change up."""
# In JSON texts, and within documents in these: quotes are escaped there.
_EVERYTHING = re.compile(r'"\*\\?"|:\*\\?"|cluster-admin|:policy/(?:Administrator|PowerUser|IAMFull)Access\b')
_WORLD = re.compile(
    r"\d+(?:\.\d+){3}/[0-7]\b|::/0|\bpublic-read|\ballUsers\b|\ballAuthenticatedUsers\b|\binternet-facing\b"
    r"|\bLoadBalancer\b|system:(?:un)?authenticated"
)
# Nearly no text has one of these, and a search for them takes a tenth of the patterns' time.
_NEAR = ("*", "/0", "/1", "/2", "public-read", "Users", "facing", "LoadBalancer", "system:", "-admin", ":policy/")
_STARS = ((ALL, r"(?i)action|verbs|policy_arn|roleRef"), (RESOURCES, r"(?i)resource|apiGroups"))
_SWAPPED = re.compile(r'image|\bami\b|s3_key|(?:[_"]p|P)ort"')
_ROLE = re.compile(r"arn:aws[\w-]*:(?:iam|sts)::(\d{12}):")
# Of a path with its value behind it.
_SWITCHES = (
    (HOST, r"(?i)(?:host(?:Network|PID|IPC)|privileged|PrivilegeEscalation).*=true|host_?path\W.*=\"[^\"]"),
    (HOST, r"(?:NonRoot|nlyRootFilesystem).*=false"),
    (BARE, r"(?:(?:block|ignore|restrict)_public_|_protection|encrypt|_rotation|log_file_v|api_termination).*=false"),
    (BARE, r"(?:skip_final_snapshot|force_de|delete_automated_backups).*=true|(?:backup_ret|recovery_window).*=0"),
    (WORLD, r'"internal"\]=false|(?i:(?<!block_)(?<!ignore_)(?<!restrict_)public|anonymous|unauthenticated).*=true'),
)
# The names of a path, by what they decide; the first pattern counts.
_NAMES = (
    (
        r"(?i)polic|principal|permission|assume_role|iam|\brules\b|roleRef|subjects|ingress|egress|cidr|grant"
        r"|acl|trust|security_group|securityContext|serviceAccount|prefix_list"
    ),
    r"image|\bami\b|container_definitions|s3_key|package_type|source_code|chart|command|\bargs\b|programs",
    r"(?i)replica|desired|capacity|(?:min|max)_size|count|instance_(?:type|class)|cpu|memory",
    r"(?i)port|protocol|\bhost|domain|listener",
    r"(?i)storage|volume|encrypt|kms|backup|retention|snapshot|deletion_protection|skip_final|force_destroy",
)


def rank_value(value: ReadValue) -> int:
    """Return how soon the value is read: 1 is first."""
    return OPEN if is_dangerous(value) else _rank_path(value.path)


def is_dangerous(value: ReadValue) -> bool:
    """Check if a changed value is a danger on its own, as far as its text tells."""
    return _is_first(ReadChange("", "", "", (value,)))


def rank_change(change: ReadChange) -> int:
    """Return how soon the change is read: 0 is first. Values that stay as they are do not count."""
    if change.action in LOSES:
        return DESTROYED
    changed = (_rank_path(value.path) for value in change.values if value.before != value.after)
    return OPEN if _is_first(change) else min(changed, default=OTHER)


def _is_first(change: ReadChange) -> bool:
    return any(word not in (CHANGED, RESOURCES, OUTWARD) for word, _ in list_dangers(change))


def list_dangers(change: ReadChange, accounts: Collection[str] = ()) -> Iterator[tuple[str, ReadValue]]:
    """Yield the dangers of a change, each with its word and its value, or the leaf of a document in it. `accounts` are
    those of the environment; without them no account is another one.
    """
    outwards = (
        any(each.after == '"egress"' for each in change.values) or "egress" in change.type or "route" in change.type
    )
    # Of a policy in blocks. One in JSON has whole statements.
    denied = tuple(each.path.removesuffix('"effect"]') for each in change.values if each.after == '"Deny"')
    for value in change.values:
        if value.before == value.after or (denied and value.path.startswith(denied)):
            continue
        for leaf in _split_document(value) if value.after.startswith(('"{', '"[')) else (value,):
            if word := _name_danger(leaf, accounts):
                yield OUTWARD if word == WORLD and (outwards or "egress" in leaf.path) else word, leaf


def _name_danger(leaf: ReadValue, accounts: Collection[str]) -> str:
    path, text, rank = leaf.path, leaf.after, _rank_path(leaf.path)
    if any(sign in text for sign in _NEAR):
        if _WORLD.search(text):
            return WORLD
        if _EVERYTHING.search(text):
            if "ondition" in path:
                # A limit of what it stands in; a star as such is none.
                return RESOURCES if text == '"*"' else ""
            return next((word for word, names in _STARS if re.search(names, path)), WORLD)
    if rank == ACCESS and accounts and not set(_ROLE.findall(text)) <= {*accounts}:
        return FOREIGN
    if text in ("true", "false", "0") or "ost" in path:
        short = f"{path}={text}"
        if word := next((word for word, pattern in _SWITCHES if re.search(pattern, short)), ""):
            return word
    if not leaf.before or leaf.sign:
        return ""
    return LOWERED if rank in (NUMBER, STORAGE) and _is_lower(leaf) else CHANGED if _SWAPPED.search(path) else ""


@lru_cache(maxsize=8192)
def _rank_path(path: str) -> int:
    return next((rank for rank, names in enumerate(_NAMES, ACCESS) if re.search(names, path)), OTHER)


def _is_lower(leaf: ReadValue) -> bool:
    try:
        return float(leaf.after) < float(leaf.before)
    except ValueError:
        return False


def _split_document(value: ReadValue) -> Iterator[ReadValue]:
    """Yield the new leaves of a JSON document; another value as it is."""
    now, before = _list_leaves(value.after), _list_leaves(value.before)
    if not now:
        yield value
    # Without places in lists: these change with what comes before.
    left = Counter((re.sub(r",\d+", "", path), repr(leaf)) for path, leaf in before.items())
    for path, leaf in now.items():
        name = (re.sub(r",\d+", "", path), repr(leaf))
        left[name] -= 1
        if left[name] < 0:
            was = to_canonical_json(before[path]) if path in before else ""
            yield ReadValue(f"{value.path[:-1]},{path[1:]}", was, to_canonical_json(leaf))


def _list_leaves(text: str) -> dict[str, object]:
    try:
        document = parse_json_document(json.loads(text)) if text else ABSENT
    except ValueError:
        document = ABSENT
    return {} if document is ABSENT else dict(list_leaves(_drop_denials(document)))


def _drop_denials(document: object) -> object:
    if isinstance(document, list):
        return [_drop_denials(each) for each in document]
    if not isinstance(document, dict):
        return document
    return {} if document.get("Effect") == "Deny" else {key: _drop_denials(each) for key, each in document.items()}
