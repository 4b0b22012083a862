"""What two codes mean: an error that refers to sections of other pages, and a guard with lists and commands."""

from envctl.adapters.local.templates import PackagedTemplates
from envctl.usecases.inspect.explain import explain_code

EXPLANATIONS = {
    f"an explanation of {what}": explain_code(PackagedTemplates(), code)
    for what, code in {"an error": "E313", "a guard": "G102"}.items()
}
