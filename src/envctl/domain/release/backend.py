"""Where the states of an environment are: the backend of Terraform, rendered for each stack."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.terraform.workdir_names import climb_to_stack


@dataclass(frozen=True)
class Backend:
    """The location of the states of an environment."""

    kind: str
    settings: Mapping[str, object]  # shared by all stacks
    environment: str
    under: Mapping[str, str] = field(default_factory=dict)  # renamed stacks, each with the old name of its state

    def settings_for_stack(self, stack: str, *, root: str = "") -> dict[str, object]:
        """Return the arguments of the backend. `root` is the root module that has them, as in PreparedStack."""
        name = f"{self.environment}/{self.under.get(stack, stack)}.tfstate"
        if self.kind == "local":
            # Relative to the folder where Terraform runs: no path of a machine is rendered.
            return {**self.settings, "path": f"{climb_to_stack(root)}../../../state/{name}"}
        return {**self.settings, "key": name}
