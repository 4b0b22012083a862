"""What is read first: destroyed, dangerous, access, images, numbers, ports and storage, then all else.

A danger is a changed value with a word: what it opens, which protection it takes away, or what it lowers. A policy is
read leaf by leaf, without the statements that deny.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from envctl.domain.plan.changes import Action
from envctl.domain.plan.fingerprint import PathStep, encode_path, to_canonical_json
from envctl.domain.reading.reading import ReadChange, ReadValue
from envctl.domain.text.json_documents import ABSENT, parse_json_document

LOSES = frozenset(map(str, (Action.DELETE, Action.REPLACE, Action.FORGET, Action.RENEW, Action.INVOKE)))
DESTROYED, OPEN, ACCESS, NUMBER, STORAGE, OTHER = 0, 1, 2, 4, 6, 7
WORLD, ALL, HOST, FOREIGN, BARE = (
    "open to everybody",
    "all actions",
    "on the host",
    "another account",
    "less protection",
)
LOWERED, CHANGED, RESOURCES, OUTWARD = "lowered", "changed", "all resources", "open outwards"
DANGERS = (WORLD, ALL, HOST, FOREIGN, BARE, LOWERED, CHANGED, RESOURCES, OUTWARD)
"""The words of dangers, the worst first."""
# Most plans have some of these: they alone move no change up.
_USUAL = frozenset({CHANGED, RESOURCES, OUTWARD})
# In JSON texts, and within documents in these: quotes are escaped there.
_WORLD = re.compile(
    r"""\d+(?:\.\d+){3}/[0-7]\b|::/0|"\*\\?"|:\*\\?"|\bpublic-read|\ballUsers\b|\ballAuthenticatedUsers\b"""
    r"|\binternet-facing\b|\bLoadBalancer\b|system:(?:un)?authenticated|\bcluster-admin\b"
    r"|:policy/(?:AdministratorAccess|PowerUserAccess|IAMFullAccess)\b"
)
# Nearly no text has one of these, and a search for them takes a tenth of the pattern's time.
_NEAR = ("*", "/0", "/1", "/2", "public-read", "Users", "facing", "LoadBalancer", "system:", "-admin", ":policy/")
_EVERYTHING = re.compile(r'"\*\\?"|:\*\\?"|cluster-admin|:policy/')
_ACTIONS = re.compile(r"action|verbs|policy_arn|roleRef", re.IGNORECASE)
_RESOURCES = re.compile(r"resource|apiGroups", re.IGNORECASE)
_SWAPPED = re.compile(r'image|\bami\b|s3_key|(?:[_"]p|P)ort"')
_ROLE = re.compile(r'arn:aws[\w-]*:(?:iam|sts)::(\d{12}):|^"(\d{12})"$')
# By path: the word, and the value that is the danger; an empty one stands for each.
_SWITCHES = (
    (r"(?i)host(?:Network|PID|IPC)|privileged|allowPrivilegeEscalation", HOST, "true"),
    (r"runAsNonRoot|readOnlyRootFilesystem", HOST, "false"),
    (r'(?i)"host_?path"', HOST, ""),
    (r"(?:block|ignore|restrict)_public_|deletion_protection|encrypt|_rotation|log_file_validation", BARE, "false"),
    (r"disable_api_termination", BARE, "false"),
    (r"skip_final_snapshot|force_(?:destroy|delete)|delete_automated_backups", BARE, "true"),
    (r"backup_retention|recovery_window", BARE, "0"),
    (r'"internal"', WORLD, "false"),
    (r"(?i)(?<!block_)(?<!ignore_)(?<!restrict_)public|anonymous|unauthenticated", WORLD, "true"),
)
# The names of a path, by what they decide; the first pattern counts.
_NAMES = (
    re.compile(
        r"polic|principal|permission|assume_role|iam|\brules\b|roleRef|subjects|ingress|egress|cidr|grant|acl|trust"
        r"|security_group|securityContext|serviceAccount|prefix_list",
        re.IGNORECASE,
    ),
    re.compile(r"image|\bami\b|container_definitions|s3_key|package_type|source_code|chart|command|\bargs\b|programs"),
    re.compile(r"replica|desired|capacity|(?:min|max)_size|count|instance_(?:type|class)|cpu|memory", re.IGNORECASE),
    re.compile(r"port|protocol|\bhost|domain|listener", re.IGNORECASE),
    re.compile(
        r"storage|volume|encrypt|kms|backup|retention|snapshot|deletion_protection|skip_final|force_destroy",
        re.IGNORECASE,
    ),
)


def rank_value(value: ReadValue) -> int:
    """Return how soon the value is read: 1 is first."""
    return OPEN if is_dangerous(value) else _rank_path(value.path)


def is_dangerous(value: ReadValue) -> bool:
    """Check if a changed value is a danger on its own, as far as its text tells."""
    return any(word not in _USUAL for word, _ in _list_dangers(value, ()))


def rank_change(change: ReadChange) -> int:
    """Return how soon the change is read: 0 is first. Values that stay as they are do not count."""
    if change.action in LOSES:
        return DESTROYED
    if any(word not in _USUAL for word, _ in list_dangers(change)):
        return OPEN
    return min((_rank_path(value.path) for value in change.values if value.before != value.after), default=OTHER)


def list_dangers(change: ReadChange, accounts: Collection[str] = ()) -> Iterator[tuple[str, ReadValue]]:
    """Yield the dangers of a change, each with its word and its value, or the leaf of a document in it. `accounts` are
    those of the environment; without them no account is another one.
    """
    is_outward = "egress" in change.type or "route" in change.type
    is_outward = is_outward or any((each.path, each.after) == ('["type"]', '"egress"') for each in change.values)
    # Of a policy in blocks. One in JSON has whole statements.
    denied = tuple(each.path.removesuffix('"effect"]') for each in change.values if each.after == '"Deny"')
    for value in change.values:
        if denied and value.path.startswith(denied):
            continue
        for word, leaf in _list_dangers(value, accounts):
            yield OUTWARD if word == WORLD and (is_outward or "egress" in leaf.path) else word, leaf


def list_own_accounts(place: Iterable[ReadValue]) -> frozenset[str]:
    """Return the accounts of an environment, from its place."""
    own = (each.after for each in place if each.path.startswith(('["","account_id"', '["","other_accounts"')))
    return frozenset(str(account) for account in map(json.loads, filter(None, own)) if account)


def _list_dangers(value: ReadValue, accounts: Collection[str]) -> Iterator[tuple[str, ReadValue]]:
    if value.before != value.after:
        leaves = _split_document(value) if value.after.startswith(('"{', '"[')) else (value,)
        for leaf in leaves:
            if word := _name_danger(leaf, accounts):
                yield word, leaf


def _name_danger(leaf: ReadValue, accounts: Collection[str]) -> str:
    path, text = leaf.path, leaf.after
    if any(sign in text for sign in _NEAR) and _WORLD.search(text):
        if not _EVERYTHING.search(text):
            return WORLD
        if "ondition" in path:
            # A limit of what it stands in; a star as such is none.
            return RESOURCES if text == '"*"' else ""
        return ALL if _ACTIONS.search(path) else RESOURCES if _RESOURCES.search(path) else WORLD
    rank = _rank_path(path)
    if (
        accounts
        and rank == ACCESS
        and any(role not in accounts for roles in _ROLE.findall(text) for role in roles if role)
    ):
        return FOREIGN
    for word, danger in _find_switches(path):
        if text == danger or (not danger and text not in ('""', "null")):
            return word
    if not leaf.before or leaf.sign:
        return ""
    if rank in (NUMBER, STORAGE) and _is_lower(leaf):
        return LOWERED
    return CHANGED if _SWAPPED.search(path) else ""


@lru_cache(maxsize=8192)
def _rank_path(path: str) -> int:
    return next((rank for rank, names in enumerate(_NAMES, ACCESS) if names.search(path)), OTHER)


@lru_cache(maxsize=8192)
def _find_switches(path: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, danger) for names, word, danger in _SWITCHES if re.search(names, path))


def _is_lower(leaf: ReadValue) -> bool:
    try:
        return float(leaf.after) < float(leaf.before)
    except ValueError:
        return False


def _split_document(value: ReadValue) -> Iterator[ReadValue]:
    """Yield the new leaves of a JSON document; another value as it is."""
    try:
        now, before = (
            parse_json_document(json.loads(each)) if each else ABSENT for each in (value.after, value.before)
        )
        steps = json.loads(value.path)
    except ValueError:
        now = ABSENT
    if now is ABSENT:
        yield value
        return
    old = dict(_walk_document(before, ()))
    left = Counter(_name_leaf(*each) for each in old.items())
    for path, leaf in _walk_document(now, ()):
        name = _name_leaf(path, leaf)
        if left[name] > 0:
            left[name] -= 1
        else:
            past = to_canonical_json(old[path]) if path in old else ""
            yield ReadValue(encode_path((*steps, *path)), past, to_canonical_json(leaf))


def _name_leaf(path: tuple[PathStep, ...], leaf: object) -> tuple[object, ...]:
    """Return a leaf without its places in lists: these change with what comes before it."""
    return (*(step for step in path if isinstance(step, str)), repr(leaf))


def _walk_document(value: object, steps: tuple[PathStep, ...]) -> Iterator[tuple[tuple[PathStep, ...], object]]:
    if isinstance(value, Mapping):
        if "Deny" not in (value.get("Effect"), value.get("effect")):
            for key, item in value.items():
                yield from _walk_document(item, (*steps, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk_document(item, (*steps, index))
    elif value is not ABSENT:
        yield steps, value
