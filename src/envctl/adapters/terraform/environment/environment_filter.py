"""Environment variables for Terraform: those of the caller, without any able to change a plan."""

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.terraform.environment.variables import FLAGS_VARIABLE, STARTED_COMMANDS, find_rule
from envctl.domain.ci.program_variables import find_forge_credentials, remove_variables

_MAX_SHOWN = 4
_PATH_VARIABLES = ("HOME", "XDG_CONFIG_HOME", "TF_CLI_CONFIG_FILE", "TERRAFORM_CONFIG", "TF_PLUGIN_CACHE_DIR")
_FLAG_TARGETS = STARTED_COMMANDS | {FLAGS_VARIABLE}
_NEVER_STARTED = "envctl never runs that Terraform command"


class EnvironmentFilter:
    """Filters environment variables, and warns once for each reason. May be called from several threads.

    `withhold` returns the names of tokens of the job: providers and provisioners are programs of the tree.
    """

    def __init__(
        self,
        warn: Callable[[str], None],
        withhold: Callable[[Mapping[str, str]], tuple[str, ...]] = find_forge_credentials,
    ) -> None:
        self._warn = warn
        self._withhold = withhold
        self._given: set[str] = set()
        self._lock = threading.Lock()

    def filter_variables(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the variables for Terraform. Raise UsageError if the caller has set harmful flags."""
        flags = _check_flags(inherited) if any(name.startswith(FLAGS_VARIABLE) for name in inherited) else {}
        passed: dict[str, str] = {}
        dropped: dict[str, list[str]] = {}
        for name, value in remove_variables(inherited, self._withhold(inherited)).items():
            rule = find_rule(name)
            if rule is None or rule.verdict in {"passes", "unpinned"}:
                passed[name] = value
            elif rule.verdict == "kept away" and value:
                dropped.setdefault(rule.reason, []).append(name)
            elif rule.verdict == "flags" and value and name.removeprefix(f"{FLAGS_VARIABLE}_") not in _FLAG_TARGETS:
                dropped.setdefault(_NEVER_STARTED, []).append(name)
        for reason, names in dropped.items():
            self._warn_once(_format_warning(sorted(names), reason))
        return passed | flags

    def _warn_once(self, warning: str) -> None:
        with self._lock:
            if warning in self._given:
                return
            self._given.add(warning)
        self._warn(warning)


def resolve_config_paths(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with absolute paths of configuration files. Terraform runs in the folder of a stack: a
    relative path would lead it to another file than the one checked here.
    """
    paths = {name: inherited[name] for name in _PATH_VARIABLES if inherited.get(name)}
    return {
        **inherited,
        **_find_home(inherited),
        **{name: os.fspath(Path(path).absolute()) for name, path in paths.items()},
    }


def _find_home(inherited: Mapping[str, str]) -> dict[str, str]:
    """Return HOME from the system if it is not set, as Terraform does."""
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


def _format_warning(names: list[str], reason: str) -> str:
    if len(names) == 1:
        return f"{names[0]} is set, but ignored: {reason}"
    more = f" and {len(names) - _MAX_SHOWN} more" if len(names) > _MAX_SHOWN else ""
    return f"{', '.join(names[:_MAX_SHOWN])}{more} are set, but ignored: {reason}"
