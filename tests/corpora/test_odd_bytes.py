"""Arbitrary content under every ending of text: it is read, or refused in one sentence."""

from __future__ import annotations

import gzip
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from fairkd import corpora
from fairkd.errors import InputError

PARTS = [
    *(
        b"\n",
        b"\r",
        b"\r\n",
        b'"',
        b'""',
        b",",
        b"\t",
        b";",
        b"\0",
        b" ",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b"\\",
    ),
    *(
        b"\xff",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\xe2\x98\x95",
        b"sep=|\n",
        b'"text"',
        b"\\ud800",
        b"1e999",
    ),
    *(b"She is here.", b"id,text\n", b"id\ttext\n", b'{"text": "He is there."}\n', b"null", b"version "),
]
CONTENT = st.one_of(st.binary(max_size=99), st.lists(st.sampled_from(PARTS), max_size=40).map(b"".join))


@pytest.mark.parametrize("ending", [".txt", ".csv", ".tsv", ".jsonl", ".csv.gz"])
@settings(max_examples=60)
@given(content=CONTENT, packed=st.booleans())
def test_every_content_is_read_or_refused_in_one_sentence(ending: str, content: bytes, packed: bool) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"letters{ending}"
        path.write_bytes(gzip.compress(content) if ending.endswith("gz") and packed else content)
        for read in (corpora.read, corpora.columns):
            try:
                read(path)
            except InputError as error:
                sentence = str(error)
                assert "letters" in sentence and len(sentence) < 600
                assert sentence.endswith(".") and len(sentence.splitlines()) == 1
