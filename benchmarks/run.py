"""`python -m benchmarks.run [THEME …]`: the rows of the design's table, as ratios. `make bench` runs all of them.

It fails on no figure: each row says whether its target was reached.
"""

import argparse
import compileall
import signal
import sys
from pathlib import Path

from benchmarks import cold, environments, growth, memory, peers, signed, single, stacks, workloads
from benchmarks.delays import REPOSITORY
from benchmarks.projects import describe_program, yard
from benchmarks.results import Results

THEMES = {
    "cold": cold.run,
    "single": single.run,
    "stacks": stacks.run,
    "environments": environments.run,
    "memory": memory.run,
    "growth": growth.run,
    "roots": growth.run_roots,
    "workloads": workloads.run,
    "signed": signed.run,
    "peers": peers.run,
}


def main() -> None:
    options = _options()
    # Whoever ends it early leaves no sandbox running either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # An installed envctl has its byte code; an editable one may not.
    compileall.compile_dir(REPOSITORY / "src", quiet=1)
    results = Results(options.rounds, describe_program())
    print(f"Both sides run {results.program}", flush=True)
    with yard() as ground:
        for name in options.themes or THEMES:
            THEMES[name](results, ground)
            if options.markdown:
                results.write(options.markdown)
    print(f"\n{results.quietness()}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("themes", nargs="*", choices=[[], *THEMES], metavar="THEME", help=f"of {', '.join(THEMES)}")
    parser.add_argument("--rounds", type=int, metavar="N", help="no more rounds than that: to see that it works")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables there as well")
    return parser.parse_args()


if __name__ == "__main__":
    main()
