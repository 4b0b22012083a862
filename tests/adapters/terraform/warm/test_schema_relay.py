"""The relay that spares Terraform questions for the schema: rules of its frames, real sockets, and a real Terraform."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, Event, RemoteSettingsChanged, RequestReceived
from h2.settings import SettingCodes
from hpack import Encoder
from hyperframe.frame import DataFrame, Frame, HeadersFrame, SettingsFrame
from hypothesis import given
from hypothesis import strategies as st
from tf.gen import tfplugin_pb2 as pb

from envctl.adapters.terraform.warm import schema_relay
from envctl.adapters.terraform.warm.handshake import build_variables, format_addresses, parse_handshake
from envctl.adapters.terraform.warm.schema_relay import (
    LINK,
    RELAY,
    SchemaRelay,
    asks_for_schema,
    leave_room,
    mark_answer,
    point_link,
)
from tests.adapters.terraform.conftest import Bench
from tests.adapters.terraform.test_on_aws import Client, aws, client, sandbox
from tests.adapters.terraform.warm.conftest import wait_until
from tests.by_day import keep_by_day

__all__ = ["aws", "client", "sandbox"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="warm providers exist on Linux alone")

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
QUESTIONS = ("/tfplugin5.Provider/GetSchema", "/tfplugin6.Provider/GetProviderSchema")
WINDOW = SettingsFrame.INITIAL_WINDOW_SIZE


def ask(path: str, stream: int = 3) -> bytes:
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost")]
    return HeadersFrame(stream, Encoder().encode(headers), flags=["END_HEADERS"]).serialize()


def answer(message: bytes, stream: int = 3, *flags: str) -> bytes:
    return DataFrame(stream, b"\0" + len(message).to_bytes(4, "big") + message, flags=flags).serialize()


def split_frames(data: bytes) -> list[Frame]:
    frames = []
    while data:
        frame, size = Frame.parse_frame_header(memoryview(data[:9]))
        frame.parse_body(memoryview(data[9 : 9 + size]))
        frames.append(frame)
        data = data[9 + size :]
    return frames


@pytest.mark.parametrize("path", QUESTIONS)
def test_question_for_schema_is_known(path: str) -> None:
    assert asks_for_schema(ask(path))


@pytest.mark.parametrize(
    "frame",
    [
        ask("/tfplugin5.Provider/Configure"),
        ask("/tfplugin6.Provider/GetProviderSchemas"),
        ask("/plugin.GRPCStdio/StreamStdio"),
        answer(ask(QUESTIONS[0])),
    ],
)
def test_any_other_frame_is_no_question(frame: bytes) -> None:
    assert not asks_for_schema(frame)


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        ({}, 65_531),
        ({WINDOW: 1 << 20}, (1 << 20) - 4),
        ({SettingsFrame.MAX_FRAME_SIZE: 16_384}, 65_531),
        ({WINDOW: 2}, 0),
    ],
)
def test_settings_leave_room_for_words(settings: dict[int, int], window: int) -> None:
    (frame,) = split_frames(leave_room(SettingsFrame(0, settings).serialize(), is_first=True))
    assert isinstance(frame, SettingsFrame)
    assert frame.settings == settings | {WINDOW: window}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("frame", [b"", SettingsFrame(0, flags=["ACK"]).serialize(), ask(QUESTIONS[0])])
def test_other_frames_leave_no_room(frame: bytes, is_first: bool) -> None:
    assert leave_room(frame, is_first=is_first) == frame


def test_later_settings_set_no_new_window() -> None:
    other = SettingsFrame(0, {SettingsFrame.MAX_FRAME_SIZE: 16_384}).serialize()
    assert leave_room(other) == other


SCHEMAS = st.builds(
    pb.GetProviderSchema.Response,
    resource_schemas=st.dictionaries(st.text(max_size=5), st.builds(pb.Schema, version=st.integers(0, 9)), max_size=3),
    server_capabilities=st.none() | st.builds(pb.ServerCapabilities, plan_destroy=st.booleans()),
)


@given(schema=SCHEMAS, in_first=st.integers(0, 40), is_last=st.booleans())
def test_marked_answer_says_once_is_enough(schema: pb.GetProviderSchema.Response, in_first: int, is_last: bool) -> None:
    message = schema.SerializeToString()
    whole = DataFrame(7, b"\0" + len(message).to_bytes(4, "big") + message)
    first = DataFrame(7, whole.data[: 5 + in_first], flags=["END_STREAM"] if is_last else [])
    words, rest = split_frames(mark_answer(first.serialize()))
    assert isinstance(words, DataFrame)
    assert isinstance(rest, DataFrame)
    assert (words.stream_id, rest.stream_id) == (7, 7)
    assert ("END_STREAM" in words.flags, "END_STREAM" in rest.flags) == (False, is_last)
    told = words.data + rest.data + whole.data[5 + in_first :]
    assert (told[0], int.from_bytes(told[1:5], "big")) == (0, len(told) - 5)
    schema.server_capabilities.get_provider_schema_optional = True
    assert pb.GetProviderSchema.Response.FromString(told[5:]) == schema


@pytest.mark.parametrize(
    "frame",
    [
        DataFrame(3, b"\1\0\0\0\4abcd").serialize(),
        DataFrame(3, b"\0\0\0\0").serialize(),
        DataFrame(3, b"").serialize(),
        DataFrame(3, b"\0\0\0\0\4abcd", flags=["PADDED"], pad_length=3).serialize(),
    ],
    ids=["compressed", "cut in its prefix", "empty", "padded"],
)
def test_answer_of_unknown_form_stays(frame: bytes) -> None:
    assert mark_answer(frame) == frame


@dataclass
class Line:
    """A relay between two sockets of a test."""

    folder: Path
    ends: ExitStack
    provider: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX))

    def __post_init__(self) -> None:
        self.ends.enter_context(self.provider)
        self.provider.bind(os.fspath(self.folder / "plugin1"))
        self.provider.listen()
        self.relay = SchemaRelay(os.fspath(self.folder), os.fspath(self.folder / "plugin1"))
        self.relay.start()
        point_link(os.fspath(self.folder), RELAY)

    @property
    def target(self) -> str:
        return os.fspath((self.folder / LINK).readlink())

    def dial(self) -> socket.socket:
        terraform = self.ends.enter_context(socket.socket(socket.AF_UNIX))
        terraform.settimeout(10)
        terraform.connect(os.fspath(self.folder / LINK))
        return terraform

    def accept(self) -> socket.socket:
        self.provider.settimeout(10)
        found = self.ends.enter_context(self.provider.accept()[0])
        found.settimeout(10)
        return found

    def open(self, start: bytes = PREFACE + SettingsFrame(0).serialize()) -> tuple[socket.socket, socket.socket]:
        terraform = self.dial()
        terraform.sendall(start)
        return terraform, self.accept()


@pytest.fixture
def line() -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="w-") as folder, ExitStack() as ends:
        yield Line(Path(folder), ends)


def read(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size and (more := source.recv(size - len(data))):
        data += more
    return data


START = PREFACE + SettingsFrame(0).serialize()
ROOMY = PREFACE + leave_room(SettingsFrame(0).serialize(), is_first=True)


@pytest.mark.parametrize("path", QUESTIONS)
def test_answer_to_question_is_marked(line: Line, path: str) -> None:
    terraform, provider = line.open()
    assert read(provider, len(ROOMY)) == ROOMY
    before, question = ask("/plugin.GRPCStdio/StreamStdio", 1), ask(path, 3)
    terraform.sendall(before)
    assert read(provider, len(before)) == before
    assert line.target == RELAY
    for byte in question:
        terraform.sendall(bytes([byte]))
    assert read(provider, len(question)) == question
    assert line.target == os.fspath(line.folder / "plugin1")
    said, schema, later = answer(b"hello", 1), answer(b"12345", 3), answer(b"more", 3)
    provider.sendall(said + schema + later)
    expected = said + mark_answer(schema) + later
    assert read(terraform, len(expected)) == expected


def test_window_enlarged_during_the_answer_leaves_room_too(line: Line) -> None:
    """Terraform does so before it has read anything: the provider then fills all of the new window."""
    terraform, provider = line.open()
    terraform.sendall(ask(QUESTIONS[0]))
    read(provider, len(ROOMY) + len(ask(QUESTIONS[0])))
    larger = SettingsFrame(0, {WINDOW: 98_312}).serialize()
    terraform.sendall(larger)
    assert read(provider, len(larger)) == SettingsFrame(0, {WINDOW: 98_308}).serialize()


def read_until(source: socket.socket, side: H2Connection, kind: type[Event]) -> None:
    """Let one side of HTTP/2 read, until an event of this kind has come."""
    came = False
    while not came:
        data = source.recv(1 << 16)
        assert data, f"the line ended before {kind.__name__}"
        came = any(isinstance(each, kind) for each in side.receive_data(data))


def test_provider_that_fills_each_window_is_not_cut_off(line: Line) -> None:
    """A strict client that reads nothing, while it enlarges the window of the answer."""
    terraform, provider = line.dial(), H2Connection(H2Configuration(client_side=False))
    strict = H2Connection(H2Configuration(client_side=True))
    strict.initiate_connection()
    strict.increment_flow_control_window(1 << 20)
    strict.send_headers(1, [(":method", "POST"), (":scheme", "http"), (":path", QUESTIONS[0]), (":authority", "x")])
    terraform.sendall(strict.data_to_send())
    server = line.accept()
    provider.initiate_connection()
    read_until(server, provider, RequestReceived)
    provider.send_headers(1, [(":status", "200")])
    received, sent = b"", b""
    for enlarged in (False, True):
        if enlarged:
            strict.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 98_312})
            terraform.sendall(strict.data_to_send())
            # What the client sent before (its acknowledgements) may come alone.
            read_until(server, provider, RemoteSettingsChanged)
        while room := min(provider.local_flow_control_window(1), provider.max_outbound_frame_size):
            part = b"x" * room if sent else b"\0" + (1 << 20).to_bytes(4, "big") + b"x" * (room - 5)
            provider.send_data(1, part)
            sent += part
        server.sendall(provider.data_to_send())
        while len(received) < len(sent) + 4:
            events = strict.receive_data(terraform.recv(1 << 16))
            received += b"".join(each.data for each in events if isinstance(each, DataReceived))
        terraform.sendall(strict.data_to_send())
    assert len(sent) == 98_312 - 4


def test_other_answers_pass_as_they_are(line: Line) -> None:
    terraform, provider = line.open()
    question = ask("/tfplugin5.Provider/Configure", 3)
    terraform.sendall(question)
    assert read(provider, len(ROOMY) + len(question)) == ROOMY + question
    provider.sendall(answer(b"12345", 3))
    assert read(terraform, 19) == answer(b"12345", 3)
    assert line.target == RELAY


@pytest.mark.parametrize("start", [b"GET / HTTP/1.1\r\n\r\n" + b"x" * 30, PREFACE + ask(QUESTIONS[0])])
def test_other_protocols_pass_as_they_are(line: Line, start: bytes) -> None:
    terraform, provider = line.open(start)
    assert read(provider, len(start)) == start
    terraform.sendall(ask(QUESTIONS[0]))
    assert read(provider, len(ask(QUESTIONS[0]))) == ask(QUESTIONS[0])
    provider.sendall(answer(b"12345", 3))
    assert read(terraform, 19) == answer(b"12345", 3)


@pytest.mark.parametrize("beginning", [b"", b"PRI", PREFACE, PREFACE + b"\0\0", START, START + ask(QUESTIONS[0])[:15]])
@pytest.mark.parametrize("first", ["terraform", "provider"])
def test_end_of_one_side_is_passed(line: Line, first: str, beginning: bytes) -> None:
    terraform = line.dial()
    terraform.sendall(beginning)
    if not beginning:
        terraform.close()
        line.provider.settimeout(0.2)
        with pytest.raises(TimeoutError):
            line.provider.accept()
        return
    provider = line.accept()
    if first == "terraform":
        terraform.shutdown(socket.SHUT_WR)
        assert read(provider, 1 << 20).startswith(beginning[:3])
        assert terraform.recv(1) == b""
    else:
        # What is unread at the end would reset the connection. Less than the preface is kept until then.
        passed = beginning if beginning.startswith(PREFACE) else b""
        assert read(provider, len(PREFACE) if passed else 0) == passed[: len(PREFACE)]
        read(provider, (len(ROOMY) - len(PREFACE)) if passed.startswith(START) else 0)
        provider.sendall(b"the last words")
        provider.close()
        assert read(terraform, 1 << 20) == b"the last words"


def test_dead_provider_hangs_up(line: Line) -> None:
    line.provider.close()
    terraform = line.dial()
    terraform.sendall(PREFACE)
    with suppress(ConnectionResetError):
        assert terraform.recv(1) == b""


def test_long_answer_passes_a_slow_reader(line: Line) -> None:
    terraform, provider = line.open()
    terraform.sendall(ask(QUESTIONS[0]))
    read(provider, len(ROOMY) + len(ask(QUESTIONS[0])))
    frames = [answer(b"12345"), *(DataFrame(3, os.urandom(16_384)).serialize() for _ in range(200))]
    writer = threading.Thread(target=provider.sendall, args=(b"".join(frames),))
    writer.start()
    expected = mark_answer(frames[0]) + b"".join(frames[1:])
    assert read(terraform, len(expected)) == expected
    writer.join()


def test_taken_name_is_no_relay(line: Line) -> None:
    with pytest.raises(OSError, match="in use"):
        SchemaRelay(os.fspath(line.folder), "anywhere")


class Listener:
    """Passes all connections to a provider, and counts the questions for its schema."""

    def __init__(self, folder: Path, address: str) -> None:
        self.asked = 0
        self.name = os.fspath(folder / "listener")
        self._address = address
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(self.name)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=self._converse, args=(self._socket.accept()[0],), daemon=True).start()

    def _converse(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as provider:
            provider.connect(self._address)
            answers = threading.Thread(target=self._pass, args=(provider, client))
            answers.start()
            self._pass(client, provider)
            answers.join()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.asked += sum(data.count(each) for each in schema_relay._QUESTIONS)
                target.sendall(data)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


AWS = "registry.terraform.io/hashicorp/aws"
TOPIC = 'resource "aws_sns_topic" "this" {\n  name = "warm"\n}\n'


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize(("target", "asked"), keep_by_day([(RELAY, 1 + 1), ("listener", 3 + 1)], (RELAY, 1 + 1)))
def test_plan_asks_aws_provider_once(aws: Bench, client: Client, tmp_path: Path, target: str, asked: int) -> None:
    """Protocol 5, with a schema much larger than the window. Without the relay, the plan asks thrice.

    Another question is that of `terraform show`.
    """
    aws.providers = {"aws": {"source": "hashicorp/aws"}}
    stack = aws.lay(TOPIC)
    aws.driver.init("dev", stack, None)
    (program,) = aws.directory.glob(".terraform/providers/registry.terraform.io/hashicorp/aws/*/*/terraform-*")
    with tempfile.TemporaryDirectory(prefix="w-") as short, ExitStack() as ends:
        folder = Path(short)
        variables = {**aws.inherited, **build_variables(short)}
        provider = ends.enter_context(subprocess.Popen([program], env=variables, stdout=subprocess.PIPE))
        ends.callback(provider.kill)
        assert provider.stdout is not None
        address = parse_handshake(AWS, provider.pid, provider.stdout.readline().decode().strip())
        assert address is not None
        listener = ends.enter_context(closing(Listener(folder, address.socket)))
        SchemaRelay(short, listener.name).start()
        point_link(short, target)
        aws.inherited |= format_addresses([replace(address, socket=f"{short}/{LINK}")])
        plan = aws.new_driver().plan("dev", stack, locking="none")
        assert [each.address for each in plan.resources] == ["aws_sns_topic.this"]
        wait_until(lambda: listener.asked >= asked)
        assert listener.asked == asked
