"""Operations on an environment."""

from typing import Literal

Operation = Literal["apply", "promote", "rollback", "destroy"]
