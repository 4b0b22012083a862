"""Environment variables with secret values: taken out of the environment that other programs inherit."""

from collections.abc import Iterable, MutableMapping


class SecretVariables:
    """Holds the values that were withdrawn from these environments."""

    def __init__(self, *environments: MutableMapping[str, str]) -> None:
        self._environments = environments
        self._values: dict[str, str] = {}

    def withdraw_variables(self, names: Iterable[str]) -> bool:
        """Take the variables out of the environments; return True if one was there."""
        before = len(self._values)
        for name in names:
            for environment in self._environments:
                value = environment.pop(name, None)
                if value is not None:
                    self._values.setdefault(name, value)
        return len(self._values) > before

    def read_variable(self, name: str) -> str | None:
        # A stack that leaves has its source in the store, and no longer in the project file.
        self.withdraw_variables([name])
        return self._values.get(name)
