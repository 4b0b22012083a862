"""Programs of a kubeconfig that give a token or a certificate: `exec` entries, run as client-go runs them."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from envctl.adapters.kubernetes.kubeconfig_file import Entry
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.text.excerpt import excerpt
from envctl.usecases.ports.kubernetes import ClientCertificate

API_VERSIONS = tuple(f"client.authentication.k8s.io/{each}" for each in ("v1", "v1beta1"))
KIND = "ExecCredential"
INFO_VARIABLE = "KUBERNETES_EXEC_INFO"
EXTENSION = "client.authentication.k8s.io/exec"
PROGRAM_SECONDS = 60.0
MARGIN = timedelta(seconds=30)
"""A token is not used in its last seconds: a request takes time."""


@dataclass(frozen=True)
class ExecCredential:
    """What a program gave. Without an end, it is used until the cluster refuses it."""

    token: str = field(default="", repr=False)
    certificate: ClientCertificate | None = None
    ends_at: datetime | None = None


@dataclass(eq=False, repr=False, kw_only=True)
class ExecPlugin:
    """Runs the program once, and again when its token ends. Threads share it."""

    command: list[str]
    environ: Mapping[str, str]
    api_version: str
    described: str
    install_hint: str = ""
    seconds: float = PROGRAM_SECONDS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _found: ExecCredential | None = field(default=None, init=False)

    def load(self) -> ExecCredential:
        """Return the credential. Raises OperationFailedError if the program fails."""
        with self._lock:
            found = self._found
            if found is None or (found.ends_at is not None and self.now() > found.ends_at - MARGIN):
                found = self._found = self._read_answer(self._run())
            return found

    def forget(self) -> None:
        with self._lock:
            self._found = None

    def _run(self) -> bytes:
        program = shutil.which(self.command[0], path=self.environ.get("PATH", os.defpath))
        if program is None:
            hint = excerpt(self.install_hint.strip().partition("\n")[0]) or "install it, or correct the kubeconfig"
            raise self._error("it is not installed", hint)
        try:
            process = subprocess.Popen(
                [program, *self.command[1:]],
                env=dict(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            raise self._error(f"it can't be started: {reason}") from None
        with process:
            try:
                answer, said = process.communicate(timeout=self.seconds)
            except subprocess.TimeoutExpired:
                raise self._error(f"it did not end within {self.seconds:g} seconds") from None
            finally:
                # A child that outlives the program could hold the token.
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
        if process.returncode != 0:
            lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
            last = f": {excerpt(lines[-1])}" if lines else ""
            raise self._error(f"exit code {process.returncode}{last}")
        return answer

    def _read_answer(self, answer: bytes) -> ExecCredential:
        """Return the credential in what the program wrote. Errors never quote it."""
        try:
            found = json.loads(answer)
            kind, api_version, status = found["kind"], found["apiVersion"], found.get("status") or {}
            ends_at = _parse_time(status.get("expirationTimestamp"))
            token = status.get("token") or ""
            parts = [status.get(name) or "" for name in ("clientCertificateData", "clientKeyData")]
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._error("its answer is not an ExecCredential") from None
        if kind != KIND or api_version != self.api_version:
            raise self._error(f"its answer is not an ExecCredential of {self.api_version}")
        if not all(isinstance(each, str) for each in (token, *parts)) or bool(parts[0]) != bool(parts[1]):
            raise self._error("its answer has a certificate without a key, or values that are not text")
        if not token and not parts[0]:
            raise self._error("its answer has neither a token nor a certificate")
        if not token.isascii() or not token.isprintable():
            raise self._error("its token has characters that no token has")
        return ExecCredential(token, ClientCertificate(parts[0], parts[1]) if parts[0] else None, ends_at)

    def _error(self, why: str, hint: str = "") -> OperationFailedError:
        message = f"{excerpt(self.command[0])} gives no token for {self.described}: {why}"
        return OperationFailedError(Problem("E634", message, hint or "run it by hand; it may ask you to sign in again"))


def open_plugin(user: Entry, cluster: Entry, context: str, environ: Mapping[str, str]) -> ExecPlugin | None:
    """Return the program of a user; None without one. Raises ConfigurationError for an unusable entry."""
    found = user.read_part("exec")
    if found is None:
        return None
    command, version = found.read_text("command"), found.read_text("apiVersion")
    if not command:
        raise user.error("E631", "its exec entry has no command", "name the program in it")
    if version not in API_VERSIONS:
        hint = f"write {API_VERSIONS[0]}, if the program knows it; else update the program"
        raise user.error("E633", f"its exec entry has the apiVersion {excerpt(version) or '(none)'}", hint)
    if found.read_text("interactiveMode") == "Always":
        raise user.error("E633", "its program wants a terminal", "use one that needs none, or a token")
    if os.sep in command:
        command = str(found.resolve_path(command))
    arguments = [_require_text(user, each, "args") for each in found.read_list("args")]
    variables = _read_variables(user, found)
    info = {INFO_VARIABLE: json.dumps(_describe_cluster(found, cluster, version))}
    return ExecPlugin(
        command=[command, *arguments],
        environ={**environ, **variables, **info},
        api_version=version,
        described=f"the context {context}",
        install_hint=found.read_text("installHint"),
    )


def _read_variables(user: Entry, found: Entry) -> dict[str, str]:
    variables = {}
    for each in found.read_list("env"):
        if not isinstance(each, dict):
            raise user.error("E631", "env of its exec entry is not a list of names and values", "correct it")
        name = _require_text(user, each.get("name"), "env")
        variables[name] = _require_text(user, each.get("value") or "", "env")
    return variables


def _require_text(user: Entry, value: object, where: str) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise user.error("E631", f"{where} of its exec entry holds something that is not text", "correct it")
    return value


def _describe_cluster(found: Entry, cluster: Entry, version: str) -> dict[str, Any]:
    """Return the description of the cluster for the program, if its entry requires one."""
    described: dict[str, Any] = {"apiVersion": version, "kind": KIND, "spec": {"interactive": False}}
    if found.read_text("provideClusterInfo").lower() != "true":
        return described
    names = ("server", "tls-server-name", "certificate-authority-data", "proxy-url")
    told: dict[str, Any] = {name: cluster.read_text(name) for name in names if cluster.read_text(name)}
    for each in cluster.read_list("extensions"):
        if isinstance(each, dict) and each.get("name") == EXTENSION:
            told["config"] = each.get("extension")
    described["spec"]["cluster"] = told
    return described


def _parse_time(value: object) -> datetime | None:
    if value is None:
        return None
    found = datetime.fromisoformat(str(value))
    return found if found.tzinfo else found.replace(tzinfo=UTC)
