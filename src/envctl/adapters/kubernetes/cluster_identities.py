"""Which cluster it is, as the cluster and EKS say. It is read once for each connection, and again for an apply."""

import hashlib
import ssl
import threading
from dataclasses import dataclass, field

from envctl.adapters.kubernetes.api import ApiRefusal, ClusterApi
from envctl.adapters.kubernetes.refusals import FORBIDDEN
from envctl.domain.errors import Problem
from envctl.domain.plan.cluster_identity import IDENTITY_NAMESPACE, ClusterIdentity
from envctl.usecases.ports.kubernetes import DoubtfulClusterError

_PATH = f"/api/v1/namespaces/{IDENTITY_NAMESPACE}"
_RULE = f'apiGroups [""], resources ["namespaces"], resourceNames ["{IDENTITY_NAMESPACE}"], verbs ["get"]'
_END, _DIGITS = "-----END CERTIFICATE-----", 12


@dataclass(eq=False, repr=False)
class ClusterIdentities:
    """Threads share it."""

    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _found: dict[ClusterApi, ClusterIdentity] = field(default_factory=dict, init=False)

    def read_identity(self, api: ClusterApi, *, recent: bool = False) -> ClusterIdentity:
        """Return the identity of a cluster; with `recent`, not as read before. Raises DoubtfulClusterError (E673) if
        the caller may not read it: the name of a cluster proves nothing.
        """
        with self._lock:
            if recent or api not in self._found:
                self._found[api] = _read_identity(api)
            return self._found[api]


def _read_identity(api: ClusterApi) -> ClusterIdentity:
    try:
        found = api.get(_PATH)
    except ApiRefusal as refusal:
        if refusal.code != FORBIDDEN:
            raise
        raise _unreadable_error(api, "your role may not read its namespace kube-system") from refusal
    uid = (found.get("metadata") or {}).get("uid") if found else None
    if not isinstance(uid, str) or not uid or not uid.isprintable() or " " in uid:
        raise _unreadable_error(api, "its namespace kube-system has no UID")
    link = api.connection
    return ClusterIdentity(uid, link.arn, link.created, link.name, link.url, digest_authority(link.authority))


def digest_authority(authority: str) -> str:
    """Return the first digits of the SHA-256 of the first certificate, as `openssl x509 -fingerprint -sha256` shows it
    without colons; empty for the authorities of the system, and for what is no certificate.
    """
    first, end, _ = authority.partition(_END)
    try:
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(first + end)).hexdigest()[:_DIGITS]
    except ValueError:
        return ""


def _unreadable_error(api: ClusterApi, why: str) -> DoubtfulClusterError:
    message = f"unknown which cluster the {api.name} is: {why}"
    return DoubtfulClusterError(Problem("E673", message, f"allow it in a Role in kube-system: {_RULE}"))
