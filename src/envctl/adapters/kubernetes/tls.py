"""TLS with a cluster: its authority, and the certificate of the caller. The key of the caller reaches no disk."""

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envctl.adapters.kubernetes.failures import authority_error
from envctl.usecases.ports.kubernetes import ClientCertificate, ClusterConnection

_DESCRIPTORS = Path("/proc/self/fd")


def load_trust(connection: ClusterConnection) -> ssl.SSLContext:
    """Return the context for TLS with a cluster. Raises OperationFailedError for unusable certificates."""
    try:
        context = ssl.create_default_context(cadata=connection.authority or None)
    except (ssl.SSLError, ValueError):
        raise authority_error(connection.name, "certificate authority") from None
    # Clusters sign with certificates of their own. Not all of them follow what Python 3.13 is strict about.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if connection.skips_verification:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The kubeconfig wants that, and only a cluster on this machine gets it.
        disable_warnings(InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    own = connection.client_certificate()
    if own is not None:
        try:
            with _place_certificate(own) as path:
                context.load_cert_chain(path, password="")
        except (ssl.SSLError, OSError, ValueError):
            raise authority_error(connection.name, "client certificate") from None
    return context


@contextmanager
def _place_certificate(own: ClientCertificate) -> Iterator[str]:
    """Yield a path for OpenSSL, which reads keys from files only: memory where the system has it for files."""
    data = f"{own.certificate.strip()}\n{own.key.strip()}\n".encode()
    if hasattr(os, "memfd_create") and _DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            yield str(_DESCRIPTORS / str(descriptor))
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name
