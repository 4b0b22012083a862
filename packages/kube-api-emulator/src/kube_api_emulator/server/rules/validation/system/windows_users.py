"""Names of users of Windows, as containers run under them: `DOMAIN\\user`, or `user` alone."""

import re

_LONGEST_DOMAIN, _LONGEST_USER = 256, 104
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NETBIOS = re.compile(r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}')
_PART = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_PART}(?:\.{_PART})*")
_FORBIDDEN = re.compile(r'["/\\:;|=,+*?<>@\[\]]')


def list_windows_user_problems(name: str) -> list[str]:
    """Return the problems of a name, each as the end of a sentence."""
    domain, slash, user = name.rpartition("\\")
    if not name:
        return [" cannot be an empty string"]
    if _CONTROL.search(name):
        return [" cannot contain control characters"]
    if "\\" in domain:
        return [" cannot contain more than one backslash"]
    problems = []
    if len(domain.encode()) >= _LONGEST_DOMAIN:
        problems.append(f"'s Domain length must be under {_LONGEST_DOMAIN} characters")
    if slash and not (_NETBIOS.fullmatch(domain) or _DOMAIN.fullmatch(domain)):
        problems.append("'s Domain doesn't match the NetBios nor the DNS format")
    if not user:
        problems.append("'s User cannot be empty")
    elif len(user.encode()) > _LONGEST_USER:
        problems.append(f"'s User length must not be longer than {_LONGEST_USER} characters")
    if user and not user.strip(". "):
        problems.append("'s User cannot contain only periods or spaces")
    if _FORBIDDEN.search(user):
        problems.append(r"""'s User cannot contain the following characters: "/\:;|=,+*?<>@[]""")
    return problems
