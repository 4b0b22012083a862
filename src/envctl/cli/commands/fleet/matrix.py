"""`envctl matrix [drift|plan] [ENV …]`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from envctl.cli.boundary import keep_results, only_look, refuse_dry_run, run_use_case
from envctl.cli.completion.candidates import complete_environments
from envctl.cli.options.shard_options import Results

if TYPE_CHECKING:
    from envctl.domain.ci.run_documents import RunKind

KINDS: "tuple[RunKind, ...]" = ("drift", "plan")


def complete_words(context: typer.Context) -> list[str]:
    """Complete drift or plan as the first word, and environments."""
    words = [word for value in context.params.values() if isinstance(value, tuple | list) for word in value]
    return [*complete_environments(context), *(KINDS if not words else ())]


def matrix(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[drift|plan] [ENV]...",
            help="The kind of run, and its environments.",
            autocompletion=complete_words,
        ),
    ] = None,
    *,
    jobs: Annotated[int, typer.Option(metavar="N", help="The maximum number of jobs.")] = 20,
    form: Annotated[
        Literal["github", "codebuild"],
        typer.Option("--format", help="The output format: a line of JSON, or a buildspec."),
    ] = "github",
    results: Results = None,
) -> None:
    """Split a plan or drift run across CI jobs, by the last duration of each stack. Prints a matrix for GitHub Actions,
    or a buildspec for an AWS CodeBuild batch. envctl collect ends the run.
    """
    from envctl.usecases.fleet.matrix import begin_matrix_run as use

    refuse_dry_run(context)
    only_look(context)
    keep_results(context, results)
    kind, names = _split_kind(words or [])
    run_use_case(context, lambda ports: use(ports, kind, names, at_most=jobs, form=form))


def _split_kind(words: list[str]) -> "tuple[RunKind, list[str]]":
    """Split off drift or plan in the first word. An environment of that name must be the second word."""
    for kind in KINDS:
        if words[:1] == [kind]:
            return kind, words[1:]
    return "drift", words
