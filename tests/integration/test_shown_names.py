"""Names that contain special characters act on no terminal: in show, diff, messages and file names."""

from __future__ import annotations

import contextlib
import unicodedata
from pathlib import Path

import pytest

from pytest_metagraph.cli import main
from reference_impl.schema import MetaGraphDef

ACTING = "\x1b[31m\x07\r\x9b2J\u202e\u2066\u2028\x85\u200b\n::error::forged"
"""Characters that colour, ring, overwrite, reorder, hide, or begin a line of their own."""


def _hostile(device: str = "") -> MetaGraphDef:
    """Return a graph in which every name that a person gets to see contains these characters."""
    message = MetaGraphDef()
    message.meta_info_def.tensorflow_version = ACTING
    message.meta_info_def.tags.append(ACTING)
    node = message.graph_def.node.add(name=f"a{ACTING}/b", op=ACTING, device=device, input=[ACTING])
    node.attr[ACTING].s = ACTING.encode()
    function = message.graph_def.library.function.add()
    function.signature.name = ACTING
    function.node_def.add(name=ACTING, op=ACTING)
    message.saver_def.save_tensor_name = message.saver_def.restore_op_name = ACTING
    message.collection_def[ACTING].node_list.value.append(ACTING)
    message.signature_def[ACTING].inputs[ACTING].name = ACTING
    message.asset_file_def.add(filename=ACTING)
    return message


def _acting(text: str) -> set[str]:
    """Return the characters of a text, other than line feeds, that a terminal does not just show."""
    return {
        character
        for character in text
        if character != "\n" and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }


@pytest.mark.parametrize(
    "words",
    [
        ["show", "one.meta"],
        ["show", "one.meta", "--text"],
        ["diff", "one.meta", "other.meta"],
        ["diff", "one.meta", "plain.meta"],
        ["diff", "plain.meta", "one.meta", "--json"],
        ["diff", "one.meta", f"{ACTING}.meta"],
        ["show", ACTING],
        ["show", f"{ACTING}.meta"],
        ["show", "\udcff\udcfe.meta"],
        ["report", "validate", ACTING],
        ["shrink", ACTING, "--exporter", "reference"],
        ["fuzz", "--exporter", ACTING],
        ["smoke", "--command", ACTING],
        ["replay", ACTING, "--exporter", "reference"],
        ["show", "one.meta", ACTING],
        ["export", "one.meta", "out.meta", "--export-scope", ACTING],
        ["export", f"{ACTING}.meta", f"out{ACTING}.meta"],
    ],
)
def test_no_output_contains_a_character_that_acts(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Names of a graph, arguments and file names reach stdout and stderr with these characters escaped."""
    monkeypatch.chdir(tmp_path)
    hostile = _hostile().SerializeToString()
    Path("one.meta").write_bytes(hostile)
    Path(f"{ACTING}.meta").write_bytes(hostile)
    Path("other.meta").write_bytes(_hostile(device=ACTING).SerializeToString())
    Path("plain.meta").write_bytes(MetaGraphDef(meta_info_def={"tags": ["serve"]}).SerializeToString())
    with contextlib.suppress(SystemExit):
        main(words)
    out, err = capsys.readouterr()
    assert out or err
    assert _acting(out + err) == set()
    assert not [line for line in (out + err).splitlines() if line.startswith("::error::")]
