"""The sandbox's own certificate authority. Its key lives in the memory of the server and nowhere else."""

import ssl
import threading
from pathlib import Path

import trustme


class Certificates:
    """One TLS context a host, made at the first connection and kept."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA(organization_name="envctl sandbox")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    @property
    def authority_pem(self) -> bytes:
        return self._authority.cert_pem.bytes()

    def context(self, host: str) -> ssl.SSLContext:
        """Raises ValueError where the host cannot stand in a certificate."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._issue(host)
            return self._contexts[host]

    def _issue(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The clients (Go, botocore) never resume a session, and a ticket costs each handshake two records.
        context.num_tickets = 0
        leaf = self._authority.issue_cert(host)
        # OpenSSL reads a key from a file only. This one is gone again before the first byte is served.
        with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(self._directory)) as file:
            context.load_cert_chain(file)
        return context
