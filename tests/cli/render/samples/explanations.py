"""What two codes mean: an error that refers to a section of another page, and a guard with a list and a command."""

from envctl.usecases.inspect.explain import Explanation, Section

ERROR = Explanation(
    "E313",
    "Terraform",
    (1,),
    "An apply could not save its state.\n\n**What to do.** `envctl recover ENV` saves it: A state could not be saved.",
    (
        Section(
            "A state could not be saved",
            "Terraform left the state on the machine that ran it, in `.envctl/work/**/errored.tfstate`.\n\n"
            "```console\n$ envctl recover dev\n…\n✓ the unsaved state of network is now saved, and an apply continues"
            " where it ended\n```\n\n### In a job\n\n| system | file |\n|---|---|\n| GitHub | `errored.tfstate` |",
        ),
    ),
)
GUARD = Explanation(
    "G102",
    "provenance",
    (3, 4),
    "**Refuses** a release that the source did not verify:\n\n- its last deployment in the source failed, was"
    " interrupted or abandoned, or is unfinished;\n- its bundle is missing.\n\n**What to type.** Deploy it again:\n\n"
    "```sh\nenvctl apply dev\n```",
    (),
)
EXPLANATIONS = {"an explanation of an error": ERROR, "an explanation of a guard": GUARD}
