"""The small text that ships: whole, small, readable without a network, and free of what is measured with."""

import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

from app.distill import corpus as distill_page
from fairkd import corpora
from fairkd.corpora import sources
from fairkd.distill import train
from fairkd.errors import InputError
from fairkd.utils import Access
from tests import ROOT
from tests.distill.parts import config
from tools import small_text
from tools.measured_sentences import fits_template

NOTE = sources.SMALL_TEXT.with_name("small_text.md").read_text()


@pytest.fixture(scope="module")
def small() -> corpora.Corpus:
    return corpora.read("small")


def test_it_takes_one_megabyte_at_most():
    assert sources.SMALL_TEXT.stat().st_size <= 1_000_000


def test_all_sentences_are_read_and_counted_where_they_are_described(small):
    count = len(small.training) + len(small.held_out)
    lines = lzma.decompress(sources.SMALL_TEXT.read_bytes()).decode().splitlines()
    assert count == len(lines) > 30_000 and not small.skipped
    assert f"{count:,} English sentences, {len(small.held_out)} of them held out" in NOTE
    page = Path(distill_page.__file__).read_text()
    how_to = (ROOT / "docs" / "how-to" / "own-text.md").read_text()
    assert f"{count:,} short" in page and f"{count:,} short" in how_to


def test_it_stands_in_the_order_of_a_hash_so_that_it_can_be_built_again(small):
    assert sorted(small.training, key=small_text._digest) == list(small.training)


def test_it_is_read_without_a_network():
    script = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise OSError('no network')\n"
        "socket.socket = socket.create_connection = refuse\n"
        "from fairkd import corpora\n"
        "import json\n"
        "print(json.dumps(len(corpora.read('small', most=100, count_rest=False).training)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT, text=True
    )
    assert json.loads(done.stdout) > 90


def test_it_names_its_licence_and_holds_wordnets(small):
    assert small.licence == "WordNet 3.0 and Apache-2.0"
    assert "WordNet 3.0 Copyright 2006 by Princeton University." in NOTE
    assert "Permission to use, copy, modify and distribute" in NOTE


def test_no_sentence_is_one_that_gaps_are_measured_with(small):
    assert not [text for text in (*small.training, *small.held_out) if fits_template(text)]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("She is a nurse.", True),
        ("Milk is a drink!", True),
        ("Mary likes swimming.", True),
        ("The nurse wrote the time on her glove.", False),
    ],
)
def test_a_filled_template_is_recognised(text, fits):
    assert fits_template(text) is fits


def test_every_sentence_that_was_written_for_it_is_in_it(small):
    written = {text for texts in small_text.written().values() for text in texts}
    assert written <= {*small.training, *small.held_out}


def test_the_written_sentences_are_as_the_note_says():
    groups = {name.partition(":")[0]: texts for name, texts in small_text.written().items()}
    rows = {name: small_text.pronouns(texts) for name, texts in groups.items()}
    assert abs(rows["balanced"].he - rows["balanced"].she) <= 1
    assert rows["other people"].he == rows["other people"].she
    assert rows["as employed"].he > 1.4 * rows["as employed"].she


def test_a_run_on_it_works(tiny_bert, tmp_path):
    settings = config(corpus={"source": "small", "max_sentences": 800}, budget={"steps": 2})
    outcome = train(settings, tmp_path, teacher=tiny_bert)
    assert outcome.steps == 2 and outcome.held_out["kl"] > 0
    assert "WordNet 3.0" in (outcome.model / "README.md").read_text()


def test_the_name_is_allowed_everywhere_and_has_no_columns_or_splits():
    assert Access(text=()).source("small") == "small"
    assert corpora.columns("small") == ()
    with pytest.raises(InputError, match="leave the column 'body' out"):
        corpora.read("small", column="body")
    with pytest.raises(InputError, match="have splits"):
        corpora.read("small", split="train")
