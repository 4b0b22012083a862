"""Requests as another user: `kubectl --as`, `--as-group` and `--as-uid`.

Source: k8s.io/apiserver v0.36.2, pkg/endpoints/filters/impersonation/impersonation.go (WithImpersonation,
buildImpersonationRequests), pkg/endpoints/filters/impersonation/constrained_impersonation.go
(processImpersonationHeaders).
"""

import json
from collections.abc import Mapping
from urllib.parse import unquote

from kube_api_emulator.server.identity.users import (
    ACCOUNT_PREFIX,
    AUTHENTICATED,
    Access,
    Authorize,
    User,
    check_access,
)
from kube_api_emulator.server.status_errors import bad_request

_USER, _GROUP, _UID = "impersonate-user", "impersonate-group", "impersonate-uid"
_EXTRA = "impersonate-extra-"
_AUTHENTICATION = "authentication.k8s.io"
_ANONYMOUS, _UNAUTHENTICATED = "system:anonymous", "system:unauthenticated"


def impersonate_user(user: User, headers: Mapping[str, str], authorize: Authorize) -> User:
    """Return the user of a request. Raises StatusError 403 if it may not act as the one that it names."""
    name = headers.get(_USER, "")
    groups = _split(headers.get(_GROUP, ""))
    extra = {unquote(key[len(_EXTRA) :]): _split(text) for key, text in headers.items() if key.startswith(_EXTRA)}
    uid = headers.get(_UID, "")
    if not name:
        if groups or extra or uid:
            raise bad_request(_describe_nameless(groups, extra, uid))
        return user
    _check_user(user, name, authorize)
    for group in groups:
        check_access(authorize, Access(user, "impersonate", "", "groups", name=group))
    if uid:
        check_access(authorize, Access(user, "impersonate", _AUTHENTICATION, "uids", name=uid))
    for key, values in extra.items():
        for value in values:
            check_access(authorize, Access(user, "impersonate", _AUTHENTICATION, "userextras", name=value, part=key))
    return User(name, _complete_groups(name, groups), extra, uid)


def _check_user(user: User, name: str, authorize: Authorize) -> None:
    if name.startswith(ACCOUNT_PREFIX) and name.count(":") == ACCOUNT_PREFIX.count(":") + 1:
        namespace, _, account = name.removeprefix(ACCOUNT_PREFIX).partition(":")
        access = Access(user, "impersonate", "", "serviceaccounts", namespace, account)
    else:
        access = Access(user, "impersonate", "", "users", name=name)
    check_access(authorize, access)


def _complete_groups(name: str, groups: tuple[str, ...]) -> tuple[str, ...]:
    if name.startswith(ACCOUNT_PREFIX) and not groups:
        namespace = name.removeprefix(ACCOUNT_PREFIX).partition(":")[0]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}")
    if name == _ANONYMOUS:
        return groups or (_UNAUTHENTICATED,)
    return groups if {AUTHENTICATED, _UNAUTHENTICATED} & {*groups} else (*groups, AUTHENTICATED)


def _describe_nameless(groups: tuple[str, ...], extra: Mapping[str, tuple[str, ...]], uid: str) -> str:
    """Return the refusal of a user without a name, as Go prints it."""
    listed = _format_list(groups) if groups else "[]string(nil)"
    pairs = ", ".join(f"{json.dumps(name)}:{_format_list(values)}" for name, values in sorted(extra.items()))
    shown = f"map[string][]string{{{pairs}}}" if extra else "map[string][]string(nil)"
    user = f'&user.DefaultInfo{{Name:"", UID:{json.dumps(uid)}, Groups:{listed}, Extra:{shown}}}'
    return f"requested {user} without impersonating a user name"


def _format_list(values: tuple[str, ...]) -> str:
    return f"[]string{{{', '.join(json.dumps(value) for value in values)}}}"


def _split(text: str) -> tuple[str, ...]:
    """Split the values of a header that was sent more than once."""
    return tuple(value for value in text.split("\n") if value)
