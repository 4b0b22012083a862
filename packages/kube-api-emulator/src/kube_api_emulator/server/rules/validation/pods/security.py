"""Security contexts of pods and containers, and what users of their own can't share.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validatePodSpecSecurityContext,
ValidateSecurityContext, validateSysctls, validateHostUsers).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes

Part = Mapping[str, Any]

_LAST_ID = 2**31 - 1
_ID_RANGE = f"must be between 0 and {_LAST_ID}, inclusive"
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_SYSCTL_FORMAT = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL, _MOST_SYSCTL = re.compile(_SYSCTL_FORMAT), 253
_SYSCTL_TEXT = f"must have at most {_MOST_SYSCTL} characters and match regex ^{_SYSCTL_FORMAT}$"
_MOST_PROFILE = 4095
_ONLY_LOCALHOST = "can only be set when {0} type is Localhost"
_NO_LOCALHOST = "must be set when {0} type is Localhost"
_CHOICES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fsGroupChangePolicy", ("Always", "OnRootMismatch")),
    ("supplementalGroupsPolicy", ("Merge", "Strict")),
    ("seLinuxChangePolicy", ("Recursive",)),
)
_HOST_USERS = "when `hostUsers` is false"
_CONTEXT = "@core.SecurityContext"
_GROUPS = ("initContainers", "containers", "ephemeralContainers")


def check_pod_context(spec: Part, field: str, causes: Causes) -> None:
    """Check the security context of a pod. `field` is that of the spec."""
    context, place = spec.get("securityContext") or {}, f"{field}.securityContext"
    for name in ("fsGroup", "runAsUser", "runAsGroup"):
        _check_id(context.get(name), f"{place}.{name}", causes)
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        _check_id(group, f"{place}.supplementalGroups[{index}]", causes)
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        causes.refuse(f"{place}.shareProcessNamespace", True, text)
    _check_sysctls(spec, context.get("sysctls") or (), f"{place}.sysctls", causes)
    policy, choices = _CHOICES[0]
    causes.check_choice(f"{place}.{policy}", context.get(policy), choices)
    _check_profiles(context, place, causes)
    for policy, choices in _CHOICES[1:]:
        causes.check_choice(f"{place}.{policy}", context.get(policy), choices)


def check_container_context(context: Part, place: str, causes: Causes, *, has_host_users: bool) -> None:
    """Check the security context of a container."""
    for name in ("runAsUser", "runAsGroup"):
        _check_id(context.get(name), f"{place}.{name}", causes)
    mount = context.get("procMount")
    causes.check_choice(f"{place}.procMount", mount, ("Default", "Unmasked"))
    if has_host_users and mount == "Unmasked":
        causes.refuse(f"{place}.procMount", mount, "`hostUsers` must be false to use `Unmasked`")
    _check_escalation(context, place, causes)
    _check_profiles(context, place, causes)


def check_system(spec: Part, field: str, causes: Causes) -> None:
    """Check the name of the operating system of a pod."""
    name = spec["os"].get("name") or ""
    if not name:
        causes.require(f"{field}.os.name")
    elif name != "linux":
        causes.refuse_choice(f"{field}.os", name, ("linux", "windows"))


def check_host_users(spec: Part, field: str, causes: Causes) -> None:
    """Check that a pod with users of its own shares nothing with the host."""
    if spec.get("hostUsers") is not False:
        return
    for name, shown in (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC")):
        if spec.get(name):
            causes.forbid(f"{field}.{shown}", _HOST_USERS)
    for place, container in _list_containers(spec, field):
        if container.get("volumeDevices"):
            causes.forbid(f"{place}.volumeDevices", _HOST_USERS)


def _check_id(value: int | None, field: str, causes: Causes) -> None:
    if value is not None and not 0 <= value <= _LAST_ID:
        causes.refuse(field, value, _ID_RANGE)


def _check_sysctls(spec: Part, sysctls: Any, field: str, causes: Causes) -> None:  # noqa: ANN401 (a list)
    seen: set[str] = set()
    for index, each in enumerate(sysctls):
        name, place = each.get("name") or "", f"{field}[{index}].name"
        if not name:
            causes.require(place)
        elif len(name) > _MOST_SYSCTL or not _SYSCTL.fullmatch(name):
            causes.refuse(place, name, _SYSCTL_TEXT)
        elif name in seen:
            causes.report_duplicate(place, name)
        group = name.replace("/", ".")
        if spec.get("hostNetwork") and group.startswith("net."):
            causes.refuse(place, name, "may not be specified when 'hostNetwork' is true")
        elif spec.get("hostIPC") and group.startswith(("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")):
            causes.refuse(place, name, "may not be specified when 'hostIPC' is true")
        seen.add(name)


def _check_escalation(context: Part, place: str, causes: Causes) -> None:
    if context.get("allowPrivilegeEscalation") is not False:
        return
    text = "cannot set `allowPrivilegeEscalation` to false and "
    if context.get("privileged"):
        causes.refuse(place, context, f"{text}`privileged` to true", _CONTEXT)
    for name in (context.get("capabilities") or {}).get("add") or ():
        if name == "CAP_SYS_ADMIN":
            causes.refuse(place, context, f"{text}`capabilities.Add` CAP_SYS_ADMIN", _CONTEXT)


def _show_profile(profile: Part | None) -> Part | None:
    return profile and {"Type": profile.get("type") or "", "LocalhostProfile": profile.get("localhostProfile")}


def _check_profiles(context: Part, place: str, causes: Causes) -> None:
    seccomp, armor = (context.get(name) for name in ("seccompProfile", "appArmorProfile"))
    if seccomp is not None:
        _check_seccomp(seccomp, f"{place}.seccompProfile", causes)
    if armor is not None:
        _check_app_armor(armor, f"{place}.appArmorProfile", causes)


def _check_seccomp(profile: Part, place: str, causes: Causes) -> None:
    kind, path = profile.get("type") or "", profile.get("localhostProfile")
    if not kind:
        causes.require(f"{place}.type", "type is required when seccompProfile is set")
    else:
        causes.check_choice(f"{place}.type", kind, _PROFILES)
    if kind != "Localhost":
        if path is not None:
            text = _ONLY_LOCALHOST.format("seccomp")
            causes.refuse(f"{place}.localhostProfile", _show_profile(profile), text)
    elif path is None:
        causes.require(f"{place}.localhostProfile", _NO_LOCALHOST.format("seccomp"))
    else:
        check_relative_path(path, f"{place}.localhostProfile", causes)


def check_relative_path(path: str, field: str, causes: Causes) -> None:
    """Check that a path stays below its folder."""
    if path.startswith("/"):
        causes.refuse(field, path, "must be a relative path")
    if ".." in path.split("/"):
        causes.refuse(field, path, "must not contain '..'")


def _check_app_armor(profile: Part, place: str, causes: Causes) -> None:
    kind, path = profile.get("type") or "", profile.get("localhostProfile")
    field = f"{place}.localhostProfile"
    if not kind:
        causes.require(f"{place}.type", "type is required when appArmorProfile is set")
    elif kind not in _PROFILES:
        causes.refuse_choice(f"{place}.type", kind, _PROFILES)
    elif kind != "Localhost":
        if path is not None:
            causes.refuse(field, path, _ONLY_LOCALHOST.format("AppArmor"))
    elif not path:
        causes.require(field, _NO_LOCALHOST.format("AppArmor"))
    else:
        if path != path.strip():
            causes.refuse(field, path, "must not be padded with whitespace")
        if len(path) > _MOST_PROFILE:
            causes.report_length(field, _MOST_PROFILE)


def _list_containers(spec: Part, field: str) -> Iterator[tuple[str, Part]]:
    for group in _GROUPS:
        for index, container in enumerate(spec.get(group) or ()):
            yield f"{field}.{group}[{index}]", container
