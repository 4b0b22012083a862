"""Relay between a warm provider and Terraform, until Terraform has asked for the schema. A part of the keeper.

Terraform uses a provider several times in a plan, and asks for the schema each time: another process would have to
prepare it anew. A provider can say that once is enough (`get_provider_schema_optional`, from protocol 5.4 and 6.4 on).
Older providers do not know these words, but for a process that runs already they are true: what it prepared stays.
So the relay adds them to the first answer with a schema. All else passes as it is, and so does an answer of a form
that it does not know: then Terraform asks as often as before.

The address of the provider is a link. It leads to the relay first. From the first question for the schema on it leads
to the provider, so plans and applies talk to the provider alone.

Sources: RFC 9113 (frames), gRPC over HTTP/2 (the prefix of a message), RFC 7541 (`_QUESTIONS`), `tfplugin5.proto`.
Like the keeper, this module imports only what is quick to import: every plan waits for it.
"""

import _socket
import _thread
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RELAY, LINK = "relay", "socket"
"""Names in the folder of the socket."""

_WAITING = 16
_CHUNK = 1 << 17
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD, _TYPE, _FLAGS = 9, 3, 4
_DATA, _HEADERS, _SETTINGS = 0, 1, 4
_ACK, _PADDED = 1, 8
_WINDOW_SETTING, _DEFAULT_WINDOW = 4, (1 << 16) - 1
_SETTING = 6
_PREFIX = 5

_QUESTIONS = (
    # `/tfplugin5.Provider/GetSchema` and `/tfplugin6.Provider/GetProviderSchema`, with their lengths.
    bytes.fromhex("956132d745b31aa6d7d761fb9a42d8c622a771272d23"),
    bytes.fromhex("9b6132d745b31aa717d761fb9a42d8c622a75d87ee690b66e24e5a47"),
)
_ONCE_IS_ENOUGH = bytes([6 << 3 | 2, 2, 2 << 3, 1])
"""The field `server_capabilities { get_provider_schema_optional: true }`. Protobuf joins it with one that follows."""


class SchemaRelay:
    """Listens in `folder` for Terraform, and talks to the provider at `address`. Raises OSError if it can't listen."""

    def __init__(self, folder: str, address: str) -> None:
        self._folder = folder
        self._address = address
        self._listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            self._listener.bind(f"{folder}/{RELAY}")
            self._listener.listen(_WAITING)
        except OSError:
            self._listener.close()
            raise

    def start(self) -> None:
        """Serve in threads that end with the process."""
        _thread.start_new_thread(self._serve, ())

    def _serve(self) -> None:
        while True:
            # The class of `socket` takes as long to import as a provider needs for a schema.
            descriptor, _ = self._listener._accept()  # type: ignore[attr-defined]
            _thread.start_new_thread(self._relay, (_socket.socket(fileno=descriptor),))

    def _relay(self, terraform: _socket.socket) -> None:
        provider = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            # Terraform first looks whether anything listens, and hangs up.
            if terraform.recv(1, _socket.MSG_PEEK):
                provider.connect(self._address)
                _Conversation(terraform, provider, lambda: point_link(self._folder, self._address)).relay()
        except OSError:
            # Terraform sees that the connection ends, as it would without the relay.
            return
        finally:
            terraform.close()
            provider.close()


def point_link(folder: str, target: str) -> None:
    """Let the address of a provider lead to `target`, without a moment in which it leads nowhere."""
    new = f"{folder}/{LINK}.{os.getpid()}"
    os.symlink(target, new)  # noqa: PTH211 (`pathlib` takes long to import)
    os.replace(new, f"{folder}/{LINK}")  # noqa: PTH105


class _Conversation:
    """One connection of Terraform."""

    def __init__(self, terraform: _socket.socket, provider: _socket.socket, on_question: "Callable[[], None]") -> None:
        self._terraform = terraform
        self._provider = provider
        self._on_question = on_question
        self._stream = b""
        self._answered = _thread.allocate_lock()

    def relay(self) -> None:
        """Pass all that both sides say, until one of them hangs up."""
        self._answered.acquire()
        _thread.start_new_thread(self._pass_answers, ())
        try:
            self._pass_questions()
        except OSError:
            pass
        finally:
            self._hang_up()
            self._answered.acquire()

    def _hang_up(self) -> None:
        for each in (self._terraform, self._provider):
            try:
                each.shutdown(_socket.SHUT_RDWR)
            except OSError:
                continue

    def _pass_questions(self) -> None:
        reader, send = _FrameReader(self._terraform), self._provider.sendall
        preface = reader.read(len(_PREFACE))
        send(preface)
        first = reader.read_frame() if preface == _PREFACE else b""
        roomy = leave_room(first, is_first=True)
        send(roomy)
        if roomy == first:
            reader.pass_rest(send)
            return
        while frame := reader.read_frame():
            if not self._stream and asks_for_schema(frame):
                self._stream = get_stream(frame)
                self._on_question()
            send(leave_room(frame))
        reader.pass_rest(send)

    def _pass_answers(self) -> None:
        try:
            reader, send = _FrameReader(self._provider), self._terraform.sendall
            while frame := reader.read_frame():
                is_answer = frame[_TYPE] == _DATA and get_stream(frame) == self._stream
                send(mark_answer(frame) if is_answer else frame)
                if is_answer:
                    break
            reader.pass_rest(send)
        except OSError:
            return
        finally:
            self._hang_up()
            self._answered.release()


class _FrameReader:
    def __init__(self, source: _socket.socket) -> None:
        self._source = source
        self._data = b""

    def read(self, size: int) -> bytes:
        """Return so many bytes; none if the end comes before, and then `pass_rest` sends what there is."""
        if not self._await(size):
            return b""
        found, self._data = self._data[:size], self._data[size:]
        return found

    def read_frame(self) -> bytes:
        """Return the next frame; none if the end comes before its own end."""
        return self.read(_HEAD + int.from_bytes(self._data[:_TYPE], "big")) if self._await(_HEAD) else b""

    def _await(self, size: int) -> bool:
        while len(self._data) < size:
            data = self._source.recv(_CHUNK)
            if not data:
                return False
            self._data += data
        return True

    def pass_rest(self, send: "Callable[[bytes | memoryview], None]") -> None:
        """Send all that follows, as it is."""
        send(self._data)
        self._data = b""
        buffer = memoryview(bytearray(_CHUNK))
        while size := self._source.recv_into(buffer):
            send(buffer[:size])


def get_stream(frame: bytes) -> bytes:
    """Return the number of the question that a frame belongs to."""
    return frame[_FLAGS + 1 : _HEAD]


def asks_for_schema(frame: bytes) -> bool:
    """Return whether a frame of Terraform asks for the schema. Go writes the path of a first question in full."""
    return frame[_TYPE] == _HEADERS and any(each in frame for each in _QUESTIONS)


def leave_room(frame: bytes, *, is_first: bool = False) -> bytes:
    """Return settings of Terraform with a smaller window, by what the relay adds; any other frame as it is.

    A provider that fills the whole window would otherwise be cut off. Terraform enlarges the window while it reads.
    """
    if not frame or frame[_TYPE] != _SETTINGS or frame[_FLAGS] & _ACK:
        return frame
    body, has_window = b"", False
    for start in range(_HEAD, len(frame), _SETTING):
        setting = frame[start : start + _SETTING]
        if int.from_bytes(setting[:2], "big") == _WINDOW_SETTING:
            setting, has_window = _build_window(int.from_bytes(setting[2:], "big")), True
        body += setting
    return _build_frame(frame, body if has_window or not is_first else body + _build_window(_DEFAULT_WINDOW))


def _build_window(size: int) -> bytes:
    smaller = max(0, size - len(_ONCE_IS_ENOUGH))
    return _WINDOW_SETTING.to_bytes(2, "big") + smaller.to_bytes(4, "big")


def mark_answer(frame: bytes) -> bytes:
    """Return the first data of an answer as two frames: the first one says that one question is enough.

    A padded or compressed answer, or one whose first frame is cut short, stays as it is.
    """
    body = frame[_HEAD:]
    if frame[_FLAGS] & _PADDED or len(body) < _PREFIX or body[0]:
        return frame
    size = int.from_bytes(body[1:_PREFIX], "big") + len(_ONCE_IS_ENOUGH)
    beginning = body[:1] + size.to_bytes(4, "big") + _ONCE_IS_ENOUGH
    open_end = frame[:_FLAGS] + b"\0" + get_stream(frame)
    return _build_frame(open_end, beginning) + _build_frame(frame, body[_PREFIX:])


def _build_frame(like: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(3, "big") + like[_TYPE:_HEAD] + body
