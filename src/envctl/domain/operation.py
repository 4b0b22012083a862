"""What can be done to an environment."""

from typing import Literal

Move = Literal["apply", "promote", "rollback", "destroy"]
