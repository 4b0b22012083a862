"""The checks of pod security, in the words and the order of kube-apiserver.

Source: k8s.io/pod-security-admission v0.36.2, policy/registry.go (EvaluatePod), policy/check_capabilities_restricted.go
(capabilitiesRestricted_1_25), policy/check_runAsNonRoot.go (runAsNonRoot1_35).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.admission.pod_templates import list_containers

Part = Mapping[str, Any]

_CAPABILITIES = frozenset(
    {
        *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE"),
        *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
    }
)
_VOLUMES = frozenset(
    {
        *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim"),
        *("projected", "secret"),
    }
)
_PROFILES = ("RuntimeDefault", "Localhost")
_SELINUX_TYPES = frozenset({"", "container_t", "container_init_t", "container_kvm_t"})
# By the version from which on they are safe.
_SYSCTLS = {
    **dict.fromkeys(("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies"), 0),
    **dict.fromkeys(("net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start"), 0),
    "net.ipv4.ip_local_reserved_ports": 27,
    **dict.fromkeys(("net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout"), 29),
    **dict.fromkeys(("net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"), 29),
    **dict.fromkeys(("net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"), 32),
    **dict.fromkeys(("net.ipv4.tcp_slow_start_after_idle", "net.ipv4.tcp_notsent_lowat"), 37),
}
_NEW_SELINUX_TYPE, _SELINUX_VERSION = "container_engine_t", 31
_PROBES_VERSION, _USER_NAMESPACES_VERSION = 34, 35
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


@dataclass(frozen=True)
class Violation:
    """What a pod must not have."""

    reason: str
    detail: str

    def describe(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


@dataclass(frozen=True)
class _Pod:
    """A pod, with a version of the checks."""

    annotations: Mapping[str, str]
    spec: Part
    version: int

    @property
    def containers(self) -> list[Part]:
        return list(list_containers(self.spec))

    @property
    def context(self) -> Part:
        return self.spec.get("securityContext") or {}

    @property
    def is_in_user_namespace(self) -> bool:
        return self.version >= _USER_NAMESPACES_VERSION and self.spec.get("hostUsers") is False


_Check = Callable[[_Pod], Violation | None]


def find_violations(pod: Part, level: str, version: int) -> list[Violation]:
    """Return what a level forbids in a pod. `version` is the minor version of Kubernetes for the checks."""
    if level == "privileged":
        return []
    checked = _Pod((pod.get("metadata") or {}).get("annotations") or {}, pod.get("spec") or {}, version)
    checks = _BASELINE if level == "baseline" else _RESTRICTED
    return [found for check in checks if (found := check(checked))]


# -- baseline -----------------------------------------------------------------------------------------------------


def _check_apparmor(pod: _Pod) -> Violation | None:
    setters, values = _find_setters(pod, lambda context: _find_profile(context, "appArmorProfile"))
    wrong = sorted(
        f'{key}="{value}"'
        for key, value in pod.annotations.items()
        if key.startswith(_APPARMOR) and value not in ("", "runtime/default") and not value.startswith("localhost/")
    )
    if wrong:
        setters.append(_plural("annotation", len(wrong)))
    listed = [*values, *wrong]
    if not setters:
        return None
    reason = _plural("forbidden AppArmor profile", len(listed))
    return Violation(reason, f"{' and '.join(setters)} must not set AppArmor profile type to {_quote(listed)}")


def _check_capabilities(pod: _Pod) -> Violation | None:
    names, added = _find_added(pod, _CAPABILITIES)
    if not names:
        return None
    text = f"{_name(names)} must not include {_quote(added)} in securityContext.capabilities.add"
    return Violation("non-default capabilities", text)


def _check_host_namespaces(pod: _Pod) -> Violation | None:
    found = [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if pod.spec.get(name)]
    return Violation("host namespaces", ", ".join(found)) if found else None


def _check_host_paths(pod: _Pod) -> Violation | None:
    names = [volume["name"] for volume in pod.spec.get("volumes") or () if volume.get("hostPath") is not None]
    return Violation("hostPath volumes", f"{_plural('volume', len(names))} {_quote(names)}") if names else None


def _check_host_ports(pod: _Pod) -> Violation | None:
    found = {each["name"]: [port["hostPort"] for port in each.get("ports") or () if port.get("hostPort")]
             for each in pod.containers}  # fmt: skip
    names = [name for name, ports in found.items() if ports]
    ports = sorted({str(port) for each in found.values() for port in each})
    if not names:
        return None
    uses = "uses" if len(names) == 1 else "use"
    return Violation("hostPort", f"{_name(names)} {uses} {_plural('hostPort', len(ports))} {', '.join(ports)}")


def _check_hosts_of_probes(pod: _Pod) -> Violation | None:
    if pod.version < _PROBES_VERSION:
        return None
    found = {each["name"]: list(_list_hosts(each)) for each in pod.containers}
    names = sorted(name for name, hosts in found.items() if hosts)
    hosts = sorted({host for each in found.values() for host in each})
    if not names:
        return None
    uses = "uses" if len(names) == 1 else "use"
    text = f"{_name(names)} {uses} {_plural('probe or lifecycle host', len(hosts))} {_quote(hosts)}"
    return Violation("probe or lifecycle host", text)


def _list_hosts(container: Part) -> Iterator[str]:
    lifecycle = container.get("lifecycle") or {}
    probes = [container.get(name) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    for handler in (*probes, lifecycle.get("postStart"), lifecycle.get("preStop")):
        for name in ("httpGet", "tcpSocket"):
            if host := ((handler or {}).get(name) or {}).get("host"):
                yield host


def _check_privileged(pod: _Pod) -> Violation | None:
    names = [each["name"] for each in pod.containers if _context(each).get("privileged")]
    return Violation("privileged", f"{_name(names)} must not set securityContext.privileged=true") if names else None


def _check_proc_mount(pod: _Pod) -> Violation | None:
    return None if pod.is_in_user_namespace else _check_any_proc_mount(pod)


def _check_any_proc_mount(pod: _Pod) -> Violation | None:
    found = {each["name"]: _context(each).get("procMount") for each in pod.containers}
    wrong = {name: value for name, value in found.items() if value not in (None, "Default")}
    if not wrong:
        return None
    text = f"{_name(list(wrong))} must not set securityContext.procMount to {_quote(sorted(set(wrong.values())))}"
    return Violation("procMount", text)


def _check_selinux(pod: _Pod) -> Violation | None:
    allowed = _SELINUX_TYPES | ({_NEW_SELINUX_TYPE} if pod.version >= _SELINUX_VERSION else set())
    options = [context.get("seLinuxOptions") or {} for context in (pod.context, *map(_context, pod.containers))]

    def is_wrong(context: Part) -> list[str]:
        each = context.get("seLinuxOptions") or {}
        return ["x"] if each.get("type", "") not in allowed or each.get("user") or each.get("role") else []

    setters, _ = _find_setters(pod, is_wrong)
    if not setters:
        return None
    types = sorted({each["type"] for each in options if each.get("type", "") not in allowed})
    texts = [f"{_plural('type', len(types))} {_quote(types)}"] if types else []
    texts += [f"{name} may not be set" for name in ("user", "role") if any(each.get(name) for each in options)]
    text = f"{' and '.join(setters)} set forbidden securityContext.seLinuxOptions: {'; '.join(texts)}"
    return Violation("seLinuxOptions", text)


def _check_seccomp(pod: _Pod) -> Violation | None:
    setters, values = _find_setters(pod, lambda context: _find_profile(context, "seccompProfile"))
    if not setters:
        return None
    text = f"{' and '.join(setters)} must not set securityContext.seccompProfile.type to {_quote(values)}"
    return Violation("seccompProfile", text)


def _check_sysctls(pod: _Pod) -> Violation | None:
    names = [each["name"] for each in pod.context.get("sysctls") or ()]
    wrong = [name for name in names if _SYSCTLS.get(name, pod.version + 1) > pod.version]
    return Violation("forbidden sysctls", ", ".join(wrong)) if wrong else None


# -- restricted ---------------------------------------------------------------------------------------------------


def _check_escalation(pod: _Pod) -> Violation | None:
    names = [each["name"] for each in pod.containers if _context(each).get("allowPrivilegeEscalation") is not False]
    if not names:
        return None
    text = f"{_name(names)} must set securityContext.allowPrivilegeEscalation=false"
    return Violation("allowPrivilegeEscalation != false", text)


def _check_dropped_capabilities(pod: _Pod) -> Violation | None:
    kept = [
        each["name"]
        for each in pod.containers
        if "ALL" not in ((_context(each).get("capabilities") or {}).get("drop") or ())
    ]
    texts = [f'{_name(kept)} must set securityContext.capabilities.drop=["ALL"]'] if kept else []
    names, added = _find_added(pod, {"NET_BIND_SERVICE"})
    if names:
        texts.append(f"{_name(names)} must not include {_quote(added)} in securityContext.capabilities.add")
    return Violation("unrestricted capabilities", "; ".join(texts)) if texts else None


def _check_volumes(pod: _Pod) -> Violation | None:
    wrong = {}
    for volume in pod.spec.get("volumes") or ():
        sources = [name for name, value in volume.items() if name != "name" and value is not None]
        if not _VOLUMES.intersection(sources):
            wrong[volume["name"]] = next(iter(sources), "unknown")
    if not wrong:
        return None
    uses, types = "uses" if len(wrong) == 1 else "use", sorted(set(wrong.values()))
    listed = f"{_plural('volume', len(wrong))} {_quote(wrong)}"
    text = f"{listed} {uses} {_plural('restricted volume type', len(types))} {_quote(types)}"
    return Violation("restricted volume types", text)


def _check_non_root(pod: _Pod) -> Violation | None:
    if pod.is_in_user_namespace:
        return None
    reason, name = "runAsNonRoot != true", "runAsNonRoot"
    setters, _ = _find_setters(pod, lambda context: ["x"] if context.get(name) is False else [])
    if setters:
        return Violation(reason, f"{' and '.join(setters)} must not set securityContext.runAsNonRoot=false")
    unset = [each["name"] for each in pod.containers if _context(each).get(name) is None]
    if pod.context.get(name) or not unset:
        return None
    return Violation(reason, f"pod or {_name(unset)} must set securityContext.runAsNonRoot=true")


def _check_user(pod: _Pod) -> Violation | None:
    if pod.is_in_user_namespace:
        return None
    setters, _ = _find_setters(pod, lambda context: ["x"] if context.get("runAsUser") == 0 else [])
    return Violation("runAsUser=0", f"{' and '.join(setters)} must not set runAsUser=0") if setters else None


def _check_needed_seccomp(pod: _Pod) -> Violation | None:
    if wrong := _check_seccomp(pod):
        return wrong
    unset = [each["name"] for each in pod.containers if _context(each).get("seccompProfile") is None]
    if pod.context.get("seccompProfile") or not unset:
        return None
    text = f'pod or {_name(unset)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
    return Violation("seccompProfile", text)


# -- parts --------------------------------------------------------------------------------------------------------


def _context(container: Part) -> Part:
    return container.get("securityContext") or {}


def _find_profile(context: Part, name: str) -> list[str]:
    """Return the type of a profile that is not allowed."""
    profile = context.get(name)
    return [] if profile is None or profile.get("type") in _PROFILES else [str(profile.get("type", ""))]


def _find_setters(pod: _Pod, find: Callable[[Part], list[str]]) -> tuple[list[str], list[str]]:
    """Return what sets a wrong value, pod or containers, and the values."""
    values = set(find(pod.context))
    setters = ["pod"] if values else []
    names = []
    for container in pod.containers:
        if found := find(_context(container)):
            names.append(container["name"])
            values.update(found)
    if names:
        setters.append(_name(names))
    return setters, sorted(values)


def _find_added(pod: _Pod, allowed: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the containers that add other capabilities, and these."""
    names, added = [], set()
    for container in pod.containers:
        wrong = set((_context(container).get("capabilities") or {}).get("add") or ()) - set(allowed)
        if wrong:
            names.append(container["name"])
            added |= wrong
    return names, sorted(added)


def _name(containers: list[str]) -> str:
    return f"{_plural('container', len(containers))} {_quote(containers)}"


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _quote(values: Iterable[str]) -> str:
    return ", ".join(f'"{value}"' for value in values)


_BASELINE: tuple[_Check, ...] = (
    *(_check_apparmor, _check_capabilities, _check_host_namespaces, _check_host_paths, _check_host_ports),
    *(_check_hosts_of_probes, _check_privileged, _check_proc_mount, _check_selinux, _check_seccomp),
    _check_sysctls,
)
# Some checks of the baseline have a stricter one here.
_RESTRICTED: tuple[_Check, ...] = (
    *(_check_apparmor, _check_host_namespaces, _check_host_ports, _check_hosts_of_probes, _check_privileged),
    *(_check_selinux, _check_sysctls),
    *(_check_escalation, _check_dropped_capabilities, _check_any_proc_mount, _check_volumes, _check_non_root),
    *(_check_user, _check_needed_seccomp),
)
