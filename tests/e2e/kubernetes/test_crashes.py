"""envctl is killed in each phase of its work on a cluster: the next command continues, and nothing is left behind."""

import json

import pytest

from tests.e2e.kubernetes.conftest import FIRST, SECOND, WEB, WEB_STACK, Shop, run_code

pytestmark = pytest.mark.terraform

# The process dies before or after the nth call of a function.
KILLED = """
import os, signal, sys
from envctl.adapters.kubernetes.stack import applying, waiting
from envctl.cli.entry import run

moment, name, nth = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
calls = 0

def die_at(function):
    def wrapped(*words):
        global calls
        calls += 1
        mine = calls
        if mine == nth and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = function(*words)
        if mine == nth and moment == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

module = waiting if name == "await_ready" else applying
setattr(module, name, die_at(getattr(module, name)))
sys.exit(run(sys.argv[1:]))
"""
EXTRA = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: NAME }\ndata: { a: b }\n"
ALL = {"ConfigMap/page", "ConfigMap/envctl-shop.dev.web", "Service/web", "Deployment/web"}
NIGHT = pytest.mark.night
OF_AN_APPLY = [
    ("before", "save_inventory", 1),
    ("after", "save_inventory", 1),
    ("after", "_apply_object", 1),
    ("after", "_apply_object", 3),
    ("before", "_await_rollout", 1),
    ("before", "_delete_object", 1),
    ("after", "_delete_object", 1),
    ("after", "_delete_object", 2),
    ("before", "save_inventory", 2),
    ("after", "save_inventory", 2),
    ("before", "await_ready", 1),
    ("after", "await_ready", 1),
]
BY_DAY = ("after", "_apply_object", 1)
OF_A_DESTRUCTION = [
    ("before", "_delete_object", 1),
    ("after", "_delete_object", 2),
    ("before", "delete_inventory", 1),
    ("after", "delete_inventory", 1),
]


def run_until(project: Shop, moment: tuple[str, str, int], *words: str) -> None:
    done = run_code(project, KILLED, moment, *words)
    assert done.returncode == -9, f"{done.returncode}\n{done.stdout}\n{done.stderr}"


def write_second_release(web: Shop) -> None:
    """One object more, two changed, and two less."""
    web.write_web(manifests=WEB.replace("green", "blue"), new=EXTRA.replace("NAME", "new"))
    web.set_image(SECOND)


@pytest.fixture
def running(web: Shop) -> Shop:
    web.write_project({"web": WEB_STACK}, ("dev",))
    web.write_web(old=EXTRA.replace("NAME", "old"), older=EXTRA.replace("NAME", "older"))
    web.deploy()
    assert web.list_objects("dev") == ALL | {"ConfigMap/old", "ConfigMap/older"}
    return web


@pytest.mark.parametrize("moment", [pytest.param(each, marks=() if each == BY_DAY else NIGHT) for each in OF_AN_APPLY])
def test_killed_apply_is_continued(moment: tuple[str, str, int], running: Shop) -> None:
    write_second_release(running)
    run_until(running, moment, "apply", "dev", "--yes")
    running.run_checked("recover", "dev", "--yes")
    running.run_checked("apply", "dev", "--yes")
    require_second_release(running)


@pytest.mark.night
def test_killed_apply_is_rolled_back(running: Shop) -> None:
    write_second_release(running)
    run_until(running, ("after", "_delete_object", 1), "apply", "dev", "--yes")
    running.run_checked("recover", "dev", "--yes")
    running.run_checked("rollback", "dev", "--yes")
    assert running.list_objects("dev") == ALL | {"ConfigMap/old", "ConfigMap/older"}
    assert running.find_image("dev") == FIRST
    assert running.run("drift", "dev").code == 0


@pytest.mark.night
@pytest.mark.parametrize("moment", OF_A_DESTRUCTION)
def test_killed_destruction_is_continued(moment: tuple[str, str, int], running: Shop) -> None:
    run_until(running, moment, "destroy", "dev", "--yes")
    running.run_checked("recover", "dev", "--yes")
    running.run_checked("destroy", "dev", "--yes")
    assert running.list_objects("dev") == set()
    write_second_release(running)
    running.run_checked("apply", "dev", "--yes")
    require_second_release(running)


def require_second_release(project: Shop) -> None:
    assert project.list_objects("dev") == ALL | {"ConfigMap/new"}
    assert project.find_image("dev") == SECOND
    page = project.clusters["dev"].get("ConfigMap", "page")
    assert page is not None
    assert page["data"]["color"] == "blue"
    listed = json.loads(project.list_inventory("dev")["inventory.json"])["objects"]
    names = {f"{each['kind']}/{each['name']}" for each in listed}
    assert names == ALL - {"ConfigMap/envctl-shop.dev.web"} | {"ConfigMap/new"}
    assert project.run("drift", "dev").code == 0
    assert "no changes" in project.run_checked("plan", "dev").out
