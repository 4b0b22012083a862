"""The guards by name, each with its code."""

from collections.abc import Mapping
from enum import StrEnum


class GuardCode(StrEnum):
    """The code of a guard. Its name in lower case is the name of the guard in the project file."""

    ORDER = "G101"
    PROVENANCE = "G102"
    VERIFIED = "G103"
    SOAK = "G104"
    MAX_AGE = "G105"
    APPROVALS = "G106"
    WINDOW = "G107"
    LOCK = "G108"
    BUSY = "G109"
    DRIFT = "G110"
    OLDER = "G111"
    RULES = "G112"
    PARTIAL = "G113"
    UNREVIEWED = "G114"
    ARTIFACT = "G201"
    SECRETS = "G202"
    ACCOUNT = "G203"
    SETTINGS = "G204"
    PARITY = "G205"
    CLEAN = "G206"
    ALLOWED = "G207"
    PROTECTION = "G301"
    SAME_PLAN = "G302"
    REHEARSED = "G303"
    KNOWN_STATE = "G304"
    REMOVED = "G305"

    @property
    def guard(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> "GuardCode":
        """Return the guard with this name or code. Raises ValueError if there is none."""
        return next((each for each in cls if each.guard == text), None) or cls(text)


NEVER_WAIVED: Mapping[GuardCode, str] = {
    GuardCode.ACCOUNT: "it would change another environment",
    GuardCode.ALLOWED: "a waiver would give permission to any person",
    GuardCode.BUSY: "two deployments at once would overwrite each other",
    GuardCode.SETTINGS: "Terraform could not even plan",
    GuardCode.RULES: "these rules define the waivers",
}
