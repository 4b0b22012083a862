"""What the benchmarks work with, on figures and processes that cost nothing: that they measure what they say."""

import json
import sys
import time
from pathlib import Path

import pytest
from aws_api_emulator.exchange import Caller, EksCluster, Request, Response
from benchmarks import bound, histories, traces
from benchmarks.bound import Bound
from benchmarks.delays import FarCloud
from benchmarks.histories import History
from benchmarks.measure import Command, Sample, compared, in_rounds, taken, together
from benchmarks.projects import Shape, lay_out
from benchmarks.results import Results, Row
from benchmarks.sampling import sampled

from envctl.cli.options.global_options import Options
from envctl.cli.wiring.container import open_ports
from envctl.usecases.ledger import journal
from envctl.usecases.project import project_file
from tests.programs import SYSTEM_PATH

MIB = 1 << 20


def test_bound_is_longest_plan_or_cpu_per_core() -> None:
    assert Bound(longest=3.0, cpu=4.0, cores=2).seconds == 3.0
    assert Bound(longest=1.0, cpu=4.0, cores=2).seconds == 2.0


def test_sandbox_response_time_counts_for_the_bound() -> None:
    found = bound.of([Sample(2.0, cpu=1.0, served=0.5), Sample(3.0, cpu=2.0, served=0.25)])
    assert (found.longest, found.cpu) == (3.0, 3.75)


def test_compared_commands_alternate(tmp_path: Path) -> None:
    notes = tmp_path / "notes"

    def command(word: str) -> Command:
        return Command(["sh", "-c", f"echo {word} >> {notes}"], tmp_path, {"PATH": SYSTEM_PATH})

    samples = in_rounds(([command("a"), command("b")], [command("c")]), rounds=2)
    assert notes.read_text().split() == ["a", "b", "c"] * 3
    assert [[len(each) for each in side] for side in samples] == [[2, 2], [1, 1]]
    assert together(samples[0][0]).wall == sum(each.wall for each in samples[0][0])


def test_failed_command_ends_the_benchmark_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"(?s)ended with 3.*alas"):
        Command(["sh", "-c", "echo alas >&2; exit 3"], tmp_path, {}).run()


@pytest.mark.slow
def test_processor_time_excludes_waiting(tmp_path: Path) -> None:
    busy = Command([sys.executable, "-ISc", "while __import__('time').process_time() < 0.2: pass"], tmp_path, {})
    idle = Command([sys.executable, "-ISc", "import time; time.sleep(0.2)"], tmp_path, {})
    assert busy.run().cpu >= 0.2 > idle.run().cpu
    assert taken(1 << 30) == 0.0


def test_medians_and_minima_are_compared_apart() -> None:
    assert compared([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == (2.0, 2.0)


def test_row_shows_whether_target_was_reached() -> None:
    rows = [Row("a", 1.1, 1.0, 1.15), Row("a", 1.2, 1.1, 1.15), Row("a", 1.3, 1.2, 1.15), Row("a", 9.0, 9.0)]
    assert [row.reached for row in rows] == ["yes", "by the minima", "**no**", ""]


def test_results_are_written_as_tables(tmp_path: Path) -> None:
    results = Results()
    results.theme("Plans")
    results.add(Row("envctl plan / bound", 1.04, 1.02, 1.15))
    results.say("something besides")
    results.heed([Sample(2.0, 1.0, others=1.0)])
    results.write(tmp_path / "results.md")
    text = (tmp_path / "results.md").read_text()
    assert "others kept 0.50 cores busy" in text
    assert "### Plans\n\n| what | median | minimum | target | reached |\n|---|---|---|---|---|\n" in text
    assert "| envctl plan / bound | 1.04 | 1.02 | ≤ 1.15 | yes |\n\n- something besides\n" in text


def test_trace_summary_shows_phases(tmp_path: Path) -> None:
    file = tmp_path / "trace.json"
    lanes = [{"ph": "M", "tid": n, "args": {"name": name}} for n, name in ((1, "envctl"), (2, "dev/a"), (3, "dev/b"))]
    spans = [
        {"ph": "X", "tid": tid, "name": name, "ts": begin * 1e6, "dur": (end - begin) * 1e6}
        for tid, name, begin, end in (
            (1, "envctl", 0, 4),
            (1, "store.read_all", 0.25, 0.75),
            (1, "store.keys", 0.5, 0.75),
            (2, "plan", 1, 3),
            (2, "access.keys", 1, 1.5),
            (3, "plan", 1, 2),
        )
    ]
    file.write_text(json.dumps({"traceEvents": [*lanes, *spans, {"ph": "C", "name": "memory"}]}))
    trace = traces.read(file)
    assert (dict(trace.commands()), dict(trace.own())) == ({"plan": 2}, {"store": 0.5, "access": 0.5})
    assert trace.lines()[0] == (
        "4.00 s: 1.00 s until the first Terraform runs, 2.00 s while any does (2 plan; 1.5 at once on average), "
        "1.00 s after the last"
    )


class _Near:
    def answer_request(self, _request: Request) -> Response:
        return Response("200 OK", [], b"")

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        raise AssertionError

    def find_cluster(self, host: str) -> EksCluster | None:
        raise AssertionError

    def identify_caller(self, access_key: str) -> Caller:
        raise AssertionError

    def warm_up(self, places: object) -> None:
        raise AssertionError


def test_far_aws_delays_each_request(tmp_path: Path) -> None:
    file = tmp_path / "delay"
    cloud, request = FarCloud(_Near(), file), Request("GET", "https", "sts.amazonaws.com", "/", [], b"")
    for seconds in (0.0, 0.05):
        file.write_text(str(seconds))
        began = time.perf_counter()
        assert cloud.answer_request(request).status == "200 OK"
        assert time.perf_counter() - began >= seconds


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nothing is measured here")
def test_memory_is_measured_with_all_child_processes(tmp_path: Path) -> None:
    child = "import time; held = bytearray(b'x' * (48 << 20)); time.sleep(0.5)"
    script = f"import json, subprocess, sys; subprocess.run([sys.executable, '-ISc', {child!r}])\n"
    script += "print(json.dumps({'usage': {'memory': 5, 'at_once': 2}}))"
    found = sampled(Command([sys.executable, "-ISc", script], tmp_path, {}))
    assert (found.reported, found.at_once) == (5, 2)
    assert 48 * MIB < found.peaks.shares < 120 * MIB
    assert 48 * MIB < found.peaks.own < 120 * MIB
    assert MIB < found.peaks.python < 40 * MIB


@pytest.mark.parametrize("history", [History(30, 3), History(40, 1), History(600, 7)])
def test_generated_history_can_be_loaded(tmp_path: Path, history: History) -> None:
    histories.lay_out(tmp_path, history)
    with open_ports(Options(project=tmp_path)) as ports:
        now = journal.load(ports)
        assert now.seq == history.whole
        assert len(list(journal.read_oldest_first(ports))) == history.whole
        assert len(ports.store.list_keys("releases/")) == history.releases
    there = now.find_environment("dev")
    assert there.current_evidence is not None
    assert there.unfinished_deployment is None


def test_generated_benchmark_project_can_be_loaded(tmp_path: Path) -> None:
    lay_out(tmp_path, Shape.even(3, environments=("dev", "staging")))
    with open_ports(Options(project=tmp_path)) as ports:
        project = project_file.load_project(ports)
    assert (list(project.stacks), list(project.environments)) == (["s01", "s02", "s03"], ["dev", "staging"])
