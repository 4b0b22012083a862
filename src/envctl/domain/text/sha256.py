"""SHA-256 of short texts, as `hashlib` has it, without OpenSSL: loading that takes longer than all hashes of a plan.

Large files are faster with `hashlib`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            # Before Python 3.12.
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
