"""Signatures of the sums of official packages, checked by `gpgv` with the keys in `keys/`."""

import os
import shutil
import subprocess
import tempfile
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.files import read_text
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.program_pin import Program

_KEYS = Path(__file__).with_name("keys")
_SECONDS = 30
_BAD = ("BADSIG", "ERRSIG", "NO_PUBKEY", "EXPSIG", "REVKEYSIG", "KEYREVOKED")
_UPDATE = "update envctl, which has the keys of its time, or compare the published key"


@dataclass(frozen=True)
class SigningKey:
    """A public key in ASCII armour, and the fingerprint of its primary key."""

    armour: str
    fingerprint: str

    def to_keyring(self) -> bytes:
        """Return the key as `gpgv` reads it."""
        body = self.armour.partition("\n\n")[2].partition("\n=")[0]
        return a2b_base64(body)


def load_official_keys() -> Mapping[Program, SigningKey]:
    """Return the keys that HashiCorp and OpenTofu sign the sums of their packages with.

    Taken on 3 December 2026 from what both publish, byte for byte:
    https://github.com/hashicorp/hc-install/blob/8233b7ab4ae1d7e063a52f4f647a67c50af7c03c/internal/pubkey/pubkey.go
    (fingerprint at https://www.hashicorp.com/security), and
    https://github.com/opentofu/tofudl/blob/8601ed2df1d0b11cb96ecef42640dcbea1833afc/branding/gpg_key.go
    (fingerprint in branding/branding.go there; the key is https://get.opentofu.org/opentofu.asc).
    """
    return {
        "terraform": SigningKey(read_text(_KEYS / "hashicorp.asc"), "C874011F0AB405110D02105534365D9472D7468F"),
        "tofu": SigningKey(read_text(_KEYS / "opentofu.asc"), "E3E6E43D84CB852EADB0051D0C0AF313E5FD9F80"),
    }


def verify_signature(data: bytes, signature: bytes, name: str, key: SigningKey, path: str | None) -> None:
    """Raise OperationFailedError (E360) unless the key signed these bytes. `path` is the PATH with `gpgv`."""
    program = shutil.which("gpgv", path=path)
    if program is None:
        message = f"the signature of {name} can't be checked: gpgv is not installed"
        raise OperationFailedError(
            Problem("E360", message, "install it (Debian: apt install gpgv; macOS: brew install gnupg)")
        )
    with tempfile.TemporaryDirectory(prefix="envctl-") as folder:
        for file, content in (("keys.gpg", key.to_keyring()), ("sums", data), ("sums.sig", signature)):
            Path(folder, file).write_bytes(content)
        line = [program, "--homedir", folder, "--keyring", f"{folder}/keys.gpg", "--status-fd", "1"]
        try:
            ended = subprocess.run(
                [*line, f"{folder}/sums.sig", f"{folder}/sums"],
                capture_output=True,
                stdin=subprocess.DEVNULL,
                env={"PATH": path or os.defpath, "LC_ALL": "C"},
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise OperationFailedError(Problem("E360", f"gpgv could not be run: {error}", "repair it")) from error
    _require_valid(ended.returncode, ended.stdout.decode(errors="replace"), name, key)


def _require_valid(code: int, output: str, name: str, key: SigningKey) -> None:
    status = [line.removeprefix("[GNUPG:] ").split() for line in output.splitlines() if line.startswith("[GNUPG:] ")]
    words = {line[0] for line in status if line}
    # Its last word is the fingerprint of the primary key.
    signers = {line[-1] for line in status if line and line[0] == "VALIDSIG"}
    if words & {"EXPKEYSIG"}:
        message = f"the key {key.fingerprint} that signed {name} has expired"
        raise OperationFailedError(Problem("E360", message, _UPDATE))
    if code or words & {*_BAD} or "GOODSIG" not in words or signers != {key.fingerprint}:
        message = f"{name} is not signed by the key {key.fingerprint}"
        raise OperationFailedError(Problem("E360", message, f"take the files from the official address; or {_UPDATE}"))
