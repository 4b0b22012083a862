"""The `envctl` command."""

import sys


def main() -> None:
    if sys.argv[1:] == ["--version"]:
        # Answered before anything is imported: it is what scripts and bug reports ask for.
        from envctl import __version__

        sys.stdout.write(f"envctl {__version__}\n")
        return
    from envctl.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
