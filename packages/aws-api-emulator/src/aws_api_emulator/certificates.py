"""The certificate authority of the sandbox. Its key exists only in the memory of the server."""

import ssl
import threading
from pathlib import Path

import trustme


class CertificateAuthority:
    """Issues one certificate per host, at the first connection, and keeps its TLS context."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._authority = trustme.CA(organization_name="envctl sandbox")
        self.authority_pem = self._authority.cert_pem.bytes()
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()

    def context_for_host(self, host: str) -> ssl.SSLContext:
        """Return the TLS context of a host. Raises ValueError if a certificate cannot name the host."""
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self._issue_context(host)
            return self._contexts[host]

    def _issue_context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # The clients (Go, botocore) never resume a session, and a ticket costs each handshake two records.
        context.num_tickets = 0
        leaf = self._authority.issue_cert(host)
        # OpenSSL reads a key only from a file. This one is deleted before the first byte is served.
        with leaf.private_key_and_cert_chain_pem.tempfile(dir=str(self._directory)) as file:
            context.load_cert_chain(file)
        return context
