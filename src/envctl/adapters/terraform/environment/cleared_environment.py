"""The environment that Terraform is started with: that of the caller, without what would change a plan."""

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.terraform.environment.variables import FLAGS, STARTED, find_rule

_SHOWN = 4
_PATHS = ("HOME", "XDG_CONFIG_HOME", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR")
_NEVER_STARTED = "envctl never starts that command of Terraform"


class Surroundings:
    """Each remark is made once. Terraform may be started from several threads."""

    def __init__(self, remark: Callable[[str], None]) -> None:
        self._remark = remark
        self._made: set[str] = set()
        self._lock = threading.Lock()

    def clear(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Returns what may reach Terraform. Raises UsageError where the caller has set flags that may not."""
        flags = _check_flags(inherited) if any(name.startswith(FLAGS) for name in inherited) else {}
        passed: dict[str, str] = {}
        dropped: dict[str, list[str]] = {}
        for name, value in inherited.items():
            rule = find_rule(name)
            if rule is None or rule.verdict in {"passes", "unpinned"}:
                passed[name] = value
            elif rule.verdict == "kept away" and value:
                dropped.setdefault(rule.reason, []).append(name)
            elif rule.verdict == "flags" and value and name != FLAGS and name.removeprefix(f"{FLAGS}_") not in STARTED:
                dropped.setdefault(_NEVER_STARTED, []).append(name)
        for reason, names in dropped.items():
            self._remark_once(_format_remark(sorted(names), reason))
        return passed | flags

    def _remark_once(self, remark: str) -> None:
        with self._lock:
            if remark in self._made:
                return
            self._made.add(remark)
        self._remark(remark)


def anchor_paths(inherited: Mapping[str, str]) -> dict[str, str]:
    """Returns the environment with the paths of configuration from the root on. Terraform works in the folder of a
    stack: what is relative, or found out anew, would be another file for it than the one that is checked here.
    """
    paths = {name: inherited[name] for name in _PATHS if inherited.get(name)}
    return {
        **inherited,
        **_home_of_user(inherited),
        **{name: os.fspath(Path(path).absolute()) for name, path in paths.items()},
    }


def _home_of_user(inherited: Mapping[str, str]) -> dict[str, str]:
    """Without HOME Terraform asks the system for it."""
    if inherited.get("HOME"):
        return {}
    import pwd  # late: HOME is set nearly everywhere

    try:
        return {"HOME": pwd.getpwuid(os.getuid()).pw_dir}
    except KeyError:
        return {}


def _check_flags(inherited: Mapping[str, str]) -> dict[str, str]:
    # Imported late: few callers have set any.
    from envctl.adapters.terraform.environment.flags import check_flags
    from envctl.domain.errors import UsageError

    flags, problems = check_flags(inherited)
    if problems:
        raise UsageError(*problems)
    return flags


def _format_remark(names: list[str], reason: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is set and does not count: {reason}"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more} are set and do not count: {reason}"
