"""The user of a context: a token, a file with one, a client certificate, or a program that gives them."""

import threading
import time
from collections.abc import Mapping

from envctl.adapters.kubernetes.exec_plugin import ExecPlugin, open_plugin
from envctl.adapters.kubernetes.kubeconfig_file import Entry
from envctl.usecases.ports.kubernetes import ClientCertificate

READ_AGAIN_SECONDS = 60.0
"""For a file with a token: the kubelet writes it anew long before its token ends."""


class UserCredentials:
    """Threads share it. Without a user, requests are anonymous. Raises ConfigurationError for what envctl refuses, and
    OperationFailedError if a program gives no token.
    """

    def __init__(self, user: Entry | None, cluster: Entry, context: str, environ: Mapping[str, str]) -> None:
        self._user = user
        self._lock = threading.Lock()
        self._token, self._read_at = "", 0.0
        self._plugin: ExecPlugin | None = None
        if user is not None:
            _require_supported(user)
            self._plugin = open_plugin(user, cluster, context, environ)

    def load_headers(self) -> Mapping[str, str]:
        if self._user is None:
            return {}
        token = self._load_token(self._user)
        groups = self._user.read_list("as-groups")
        impersonation = {
            "Impersonate-User": self._user.read_text("as"),
            "Impersonate-Uid": self._user.read_text("as-uid"),
            "Impersonate-Group": str(groups[0]) if groups else "",
        }
        headers = {name: value for name, value in impersonation.items() if value}
        return {"Authorization": f"Bearer {token}", **headers} if token else headers

    def load_certificate(self) -> ClientCertificate | None:
        if self._user is None:
            return None
        certificate, key = self._user.read_pem("client-certificate"), self._user.read_pem("client-key")
        if bool(certificate) != bool(key):
            missing = "client-key" if certificate else "client-certificate"
            raise self._user.error("E631", f"{missing} is missing", "write the entry again")
        if certificate:
            return ClientCertificate(certificate, key)
        return self._plugin.load().certificate if self._plugin else None

    def forget(self) -> bool:
        """Forget the token; return True if another one may be had."""
        with self._lock:
            self._token = ""
        if self._plugin is not None:
            self._plugin.forget()
        return self._plugin is not None or bool(self._user and self._user.read_text("tokenFile"))

    def _load_token(self, user: Entry) -> str:
        if user.read_text("tokenFile"):
            with self._lock:
                if not self._token or time.monotonic() - self._read_at > READ_AGAIN_SECONDS:
                    self._token = _require_header(user, user.read_file("tokenFile").strip())
                    self._read_at = time.monotonic()
                return self._token
        if token := user.read_text("token"):
            return _require_header(user, token.strip())
        return self._plugin.load().token if self._plugin else ""


def _require_header(user: Entry, token: str) -> str:
    if not token.isascii() or not token.isprintable():
        raise user.error("E631", "its token has characters that no token has", "write the token again")
    return token


def _require_supported(user: Entry) -> None:
    if user.read_text("username") or user.read_text("password"):
        hint = "give the user a token, a client certificate or an exec entry: no Kubernetes since 1.19 takes a password"
        raise user.error("E633", "it signs in with a password", hint)
    if user.values.get("auth-provider") is not None:
        hint = "use an exec entry: kubectl has no auth-provider since 1.26"
        raise user.error("E633", "it has an auth-provider", hint)
    if len(user.read_list("as-groups")) > 1 or user.values.get("as-user-extra"):
        raise user.error("E633", "it acts as another user with several groups", "use a context without impersonation")
