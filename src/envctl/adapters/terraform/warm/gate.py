"""Gate of a plan: holds a started Terraform until its providers listen.

Terraform reads all files of variables before it needs a provider. The last of them is a pipe without content here,
which ends once the providers listen. So Terraform and its providers start at the same time.
"""

import contextlib
import os

# No file of variables: Terraform ends with an error, before it has read a state.
_REFUSAL = b"}"


class Gate:
    """`reader` is the descriptor for Terraform."""

    def __init__(self) -> None:
        self.reader, self._writer = os.pipe()

    @property
    def words(self) -> tuple[str, ...]:
        return (f"-var-file=/dev/fd/{self.reader}",)

    def release(self) -> None:
        """Let Terraform go on."""
        os.close(self._writer)
        self._writer = -1

    def refuse(self) -> None:
        """Let Terraform end at once."""
        with contextlib.suppress(OSError):
            os.write(self._writer, _REFUSAL)
        self.release()

    def close(self) -> None:
        os.close(self.reader)
        if self._writer >= 0:
            self.release()
