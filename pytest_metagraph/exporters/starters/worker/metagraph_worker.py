"""Answer the requests of pytest-metagraph in plain Python: nothing to install, Python 3.6 or newer.

You need not change this file. Write a subclass of `Exporter`, and call `main(MyExporter())` in a script:

    python SCRIPT                             a worker, for --metagraph-command
    python SCRIPT CASES ANSWERS [GLOB ...]    answers the cases of `metagraph cases` in files
    python SCRIPT --describe ANSWERS          writes the description of the exporter alone
"""

import argparse
import base64
import fnmatch
import json
import os
import struct
import sys
import traceback
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

PROTOCOL = 1
CASES_BETWEEN_LINES = 20


class NotLoadable(Exception):
    """Raised by `Exporter.load` if the graph cannot be loaded: such a case is not judged."""


class Unsupported(Exception):
    """Raised by `Exporter.export` with the name of the capability that the exporter lacks."""


class Serialized:
    """A protobuf message among the arguments: the full name of its type, and its bytes."""

    def __init__(self, type_name: str, data: bytes) -> None:
        self.type_name = type_name
        self.data = data


class Call:
    """One call of export_meta_graph.

    Attributes:
        graph: the graph to load, a serialised tensorflow.MetaGraphDef.
        graph_digest: the name under which a worker keeps the graph for the next requests; may be empty.
        arguments: the keyword arguments, without `graph`; messages are `Serialized`.
        preceding: the keyword arguments of exports of the same loaded graph to make first.
        default_graph: export the default graph, without the argument `graph`.
        eager: make the call while eager execution is enabled.
        case_id: the case that the call belongs to.
    """

    def __init__(self) -> None:
        self.graph = b""
        self.graph_digest = b""
        self.arguments: Dict[str, Any] = {}
        self.preceding: List[Dict[str, Any]] = []
        self.default_graph = False
        self.eager = False
        self.case_id = ""


class Exporter:
    """The code under test; override the two methods, and the attributes that apply.

    Attributes:
        name: its name in reports.
        version: its version.
        unsupported: the capabilities that it lacks; cases that need one of them are skipped.
        op_list: a serialised tensorflow.OpList of the ops that it registers; empty for those of TensorFlow.
        descriptor_set: a serialised FileDescriptorSet of its own messages; empty for those of TensorFlow.
        environment: the versions of what it runs on, for reports.
    """

    name = "my-exporter"
    version = ""
    unsupported: Tuple[str, ...] = ()
    op_list = b""
    descriptor_set = b""
    environment: Dict[str, str] = {}  # noqa: RUF012 - replaced as a whole

    def load(self, graph: bytes) -> Any:
        """Load a serialised MetaGraphDef; raise NotLoadable if that is impossible."""
        raise NotImplementedError

    def export(self, loaded: Any, call: Call) -> bytes:
        """Make the call with what `load` returned; return the serialised MetaGraphDef, or raise."""
        raise NotImplementedError


class Answer:
    """What came of a call; one of the first four attributes is set."""

    def __init__(self) -> None:
        self.exported: Optional[bytes] = None
        self.raised: List[str] = []
        self.unsupported = ""
        self.not_loadable: Optional[str] = None
        self.text = ""
        self.traceback = ""


def answer_to(exporter: Exporter, call: Call) -> Answer:
    """Load the graph and make the call. Loading is outside the `try`: its errors are not answers."""
    answer = Answer()
    try:
        loaded = exporter.load(call.graph)
    except NotLoadable as error:
        answer.not_loadable = str(error)
        return answer
    try:
        answer.exported = exporter.export(loaded, call)
    except Unsupported as error:
        answer.unsupported = str(error)
    except Exception as error:
        # As far as the first class that Python itself defines: what lies above says nothing more.
        kinds = type(error).__mro__
        last = next(index for index, kind in enumerate(kinds) if kind.__module__ == "builtins")
        answer.raised = [kind.__name__ for kind in kinds[: last + 1]]
        answer.text = str(error)
        answer.traceback = traceback.format_exc()
    return answer


# As a worker: frames of protobuf messages on stdin and stdout, which worker.proto defines.


def serve(exporter: Exporter) -> None:
    """Answer the requests on stdin until it ends. What is printed goes to stderr."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    kept = (b"", b"")  # the name of the last graph that has one, and the graph
    while True:
        prefix = sys.stdin.buffer.read(4)
        if len(prefix) < 4:
            return
        request = dict(fields(sys.stdin.buffer.read(struct.unpack("<I", prefix)[0])))
        if 3 in request:
            return
        if 2 in request:
            call = decode_call(request[2])
            if call.graph_digest and call.graph:
                kept = (call.graph_digest, call.graph)
            elif call.graph_digest and call.graph_digest == kept[0]:
                call.graph = kept[1]
            is_unknown = call.graph_digest and not call.graph
            data = field(6, b"") if is_unknown else encode_answer(answer_to(exporter, call))
        else:
            data = encode_introduction(exporter)
        answers.write(struct.pack("<I", len(data)) + data)
        answers.flush()


def fields(data: bytes) -> Iterator[Tuple[int, Any]]:
    """Yield number and value of each field of a message: an int, or bytes."""
    position = 0
    while position < len(data):
        key, position = read_varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, position = read_varint(data, position)
            yield number, value
            continue
        if kind == 2:
            size, position = read_varint(data, position)
        else:
            size = {1: 8, 5: 4}[kind]
        yield number, data[position : position + size]
        position += size


def read_varint(data: bytes, position: int) -> Tuple[int, int]:
    """Return an integer, and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position


def decode_call(data: bytes) -> Call:
    """Read the message Export."""
    call = Call()
    for number, value in fields(data):
        if number == 1:
            call.case_id = value.decode()
        elif number == 3:
            call.graph = value
        elif number == 4:
            call.default_graph = bool(value)
        elif number == 5:
            call.eager = bool(value)
        elif number == 6:
            call.arguments.update([decode_entry(value)])
        elif number == 7:
            call.preceding.append(dict(decode_entry(entry) for _, entry in fields(value)))
        elif number == 8:
            call.graph_digest = value
    return call


def decode_entry(data: bytes) -> Tuple[str, Any]:
    """Read an entry of the map of arguments."""
    entry = dict(fields(data))
    return entry[1].decode(), decode_value(entry[2])


def decode_value(data: bytes) -> Any:
    """Read the message Value."""
    ((kind, value),) = fields(data)
    if kind == 2:
        return bool(value)
    if kind == 3:
        return value - (1 << 64) if value >> 63 else value
    if kind == 4:
        return struct.unpack("<d", value)[0]
    if kind == 5:
        return value.decode()
    if kind == 6:
        return value
    if kind == 7:
        return [decode_value(item) for _, item in fields(value)]
    if kind == 8:
        entries = [dict(fields(entry)) for _, entry in fields(value)]
        return {decode_value(entry[1]): decode_value(entry[2]) for entry in entries}
    if kind == 9:
        message = dict(fields(value))
        return Serialized(message[1].decode(), message.get(2, b""))
    return None


def encode_introduction(exporter: Exporter) -> bytes:
    """Write the answer to Hello."""
    data = varint(1 << 3) + varint(PROTOCOL)
    data += field(2, exporter.name.encode()) + field(3, exporter.version.encode())
    data += b"".join(field(4, name.encode()) for name in exporter.unsupported)
    data += field(5, exporter.op_list) if exporter.op_list else b""
    data += field(6, exporter.descriptor_set) if exporter.descriptor_set else b""
    for name, version in sorted(exporter.environment.items()):
        data += field(7, field(1, name.encode()) + field(2, version.encode()))
    data += varint(8 << 3) + varint(1)  # keeps_graph
    return field(1, data)


def encode_answer(answer: Answer) -> bytes:
    """Write the answer to Export."""
    if answer.exported is not None:
        return field(2, field(1, answer.exported))
    if answer.raised:
        texts = [(1, name) for name in answer.raised] + [(2, answer.text), (3, answer.traceback)]
        return field(3, b"".join(field(number, text.encode("utf-8", "replace")) for number, text in texts))
    if answer.not_loadable is not None:
        return field(5, field(1, answer.not_loadable.encode("utf-8", "replace")))
    return field(4, field(1, answer.unsupported.encode()))


def field(number: int, data: bytes) -> bytes:
    """Return a field with bytes."""
    return varint(number << 3 | 2) + varint(len(data)) + data


def varint(value: int) -> bytes:
    """Return an integer as protobuf writes it."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    written.append(value)
    return bytes(written)


# As a writer of answers in files.


def write_answers(exporter: Exporter, cases: str, answers: str, globs: Sequence[str]) -> None:
    """Answer the cases that match a glob, or all; go on where an earlier process ended."""
    with open(os.path.join(cases, "cases.jsonl"), encoding="utf-8") as lines:
        chosen = [json.loads(line) for line in lines]
    if globs:
        chosen = [case for case in chosen if any(fnmatch.fnmatchcase(case["case"], glob) for glob in globs)]
    for number, case in enumerate(chosen, start=1):
        answer_case(exporter, case, cases, os.path.join(answers, case["answer"]))
        if number % CASES_BETWEEN_LINES == 0 or number == len(chosen):
            print(f"exported {number} of {len(chosen)} cases", flush=True)
    with open(os.path.join(cases, "corpus.json"), encoding="utf-8") as file:
        describe(exporter, answers, json.load(file)["corpus"])


def describe(exporter: Exporter, answers: str, corpus: str = "") -> None:
    """Write exporter.json and the files that it names; without it, the folder is not used."""
    described: Dict[str, Any] = {"name": exporter.name, "version": exporter.version}
    described["unsupported"] = list(exporter.unsupported)
    if exporter.environment:
        described["environment"] = exporter.environment
    if corpus:
        described["corpus"] = corpus
    os.makedirs(answers, exist_ok=True)
    for name in ("op_list", "descriptor_set"):
        data = getattr(exporter, name)
        if data:
            described[name] = name + ".pb"
            write(os.path.join(answers, name + ".pb"), data)
    write(os.path.join(answers, "exporter.json"), json.dumps(described, indent=2).encode())


def answer_case(exporter: Exporter, case: Dict[str, Any], cases: str, stem: str) -> None:
    """Answer each variant of a case that has no answer; a variant that is begun has a folder."""
    for number, variant in enumerate(case["variants"]):
        folder = os.path.join(stem + ".variants", variant["name"])
        if os.path.isdir(folder):
            if not os.path.exists(folder + ".done"):
                ended = Answer()
                ended.raised, ended.text = ["ProcessEnded"], "the process ended during this call"
                write_answer(ended, folder)
                write(folder + ".done", b"")
            continue
        os.makedirs(folder)
        answer = answer_to(exporter, read_call(case, variant, cases, folder))
        write_answer(answer, stem if number == 0 else folder, stem)
        write(folder + ".done", b"")


def write_answer(answer: Answer, path: str, shared: str = "") -> None:
    """Write an answer, unless the one that all variants share is the same."""
    if answer.exported is not None:
        suffix, data = ".pb", answer.exported
    else:
        if answer.raised:
            stated: Any = {"classes": answer.raised, "text": answer.text, "traceback": answer.traceback}
        elif answer.not_loadable is not None:
            stated = {"not_loadable": answer.not_loadable}
        else:
            stated = {"unsupported": answer.unsupported}
        suffix, data = ".error.json", json.dumps(stated).encode()
    if shared and path != shared and os.path.exists(shared + suffix):
        with open(shared + suffix, "rb") as file:
            if file.read() == data:
                return
    write(path + suffix, data)


def read_call(case: Dict[str, Any], variant: Dict[str, Any], cases: str, folder: str) -> Call:
    """Read a call whose files are in a folder."""
    call = Call()
    call.case_id, call.eager, call.default_graph = case["case"], case["eager"], variant["default_graph"]
    with open(os.path.join(cases, case["graph"]), "rb") as file:
        call.graph = file.read()
    call.arguments = {name: read_value(stated, cases) for name, stated in case["arguments"].items()}
    filename = os.path.abspath(os.path.join(folder, case["filename"])) if variant["filename"] else None
    call.arguments.update(
        filename=filename, as_text=variant["as_text"], save_debug_info=variant["save_debug_info"]
    )
    for before in case["preceding"]:
        arguments = {name: read_value(stated, cases) for name, stated in before["arguments"].items()}
        arguments["filename"] = os.path.abspath(os.path.join(folder, before["filename"]))
        call.preceding.append(arguments)
    return call


def read_value(stated: Any, cases: str) -> Any:
    """Read an argument from its JSON form."""
    if isinstance(stated, list):
        return [read_value(item, cases) for item in stated]
    if not isinstance(stated, dict):
        return stated
    if "message" in stated:
        with open(os.path.join(cases, stated["file"]), "rb") as file:
            return Serialized(stated["message"], file.read())
    if "bytes" in stated:
        return base64.b64decode(stated["bytes"])
    return {read_value(key, cases): read_value(value, cases) for key, value in stated["dict"]}


def write(path: str, data: bytes) -> None:
    """Write a file that is complete or absent."""
    with open(path + ".part", "wb") as file:
        file.write(data)
    os.replace(path + ".part", path)


def main(exporter: Exporter) -> None:
    """Run the command line; see the top of this file."""
    parser = argparse.ArgumentParser(description="Answer pytest-metagraph: a worker, or files.")
    parser.add_argument("folders", nargs="*", metavar="CASES ANSWERS [GLOB ...]")
    parser.add_argument("--describe", metavar="ANSWERS", help="write the description of the exporter")
    parser.add_argument("--name", help="the name of the exporter in reports")
    arguments = parser.parse_args()
    if arguments.name:
        exporter.name = arguments.name
    if arguments.describe:
        describe(exporter, arguments.describe)
    elif not arguments.folders:
        serve(exporter)
    elif len(arguments.folders) == 1:
        parser.error("give the folder of the cases and the folder for the answers")
    else:
        write_answers(exporter, arguments.folders[0], arguments.folders[1], arguments.folders[2:])
