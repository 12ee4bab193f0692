"""Distillation: the fused objective against the dense one, batches, masks, students, whole runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import pipeline

from fairkd.constraints import Constraint, spread_labels
from fairkd.corpora import Corpus
from fairkd.distill import Config, distil, make_config, read_config, save
from fairkd.distill.batches import IGNORED, Masker, Masking, Stream, encode, pad, uniform
from fairkd.distill.encoder import masked_rows, projection_of, rows_of, transform_of
from fairkd.distill.loop import Trainer, schedule
from fairkd.distill.objective import Targets, Weights, fused_loss
from fairkd.distill.student import take_layers
from fairkd.errors import InputError
from fairkd.models import MaskedLM
from tests.tiny import SENTENCES

N, V, WIDTH = 23, 40, 8
GROUP = Constraint("group", ((3, 5), (8,)))
PAIRS = Constraint("logit_mean", ((3, 5), (8, 13)), strength=0.7)


def problem(dtype: torch.dtype = torch.float64) -> tuple[Tensor, Tensor, Tensor, Targets]:
    random = torch.Generator().manual_seed(3)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random, dtype=torch.float64).to(dtype)

    labels = torch.randint(0, 16, (N,), generator=random)
    labels[::4] = IGNORED
    targets = Targets(draw(N, WIDTH), draw(V, WIDTH), draw(V), labels, torch.arange(N) % 3 != 0)
    states, weight, bias = draw(N, WIDTH), draw(V, WIDTH), draw(V)
    return states.requires_grad_(), weight.requires_grad_(), bias.requires_grad_(), targets


def dense_loss(
    states: Tensor, weight: Tensor, bias: Tensor, targets: Targets, constraint: Constraint, weights: Weights
) -> Tensor:
    """The objective as plainly as its definition, differentiated by autograd."""
    heat, where = weights.temperature, targets.constrained
    z = states @ weight.T + bias
    p = (targets.states @ targets.weight.T + targets.bias).log_softmax(1)
    q = torch.where(where[:, None], constraint(p), p)
    kd = F.kl_div(
        (z / heat).log_softmax(1), (q / heat).log_softmax(1), log_target=True, reduction="batchmean"
    )
    hot = F.one_hot(targets.labels.clamp_min(0), V).to(z.dtype)
    hot[targets.labels == IGNORED] = 0
    is_group_word = torch.isin(targets.labels, constraint.columns) & where & constraint.active
    counted = targets.labels != IGNORED
    if weights.label == "drop":
        hot[is_group_word] = 0
        counted = counted & ~is_group_word
    elif weights.label == "spread":
        spread = spread_labels(constraint, targets.labels, q[:, constraint.columns].exp())
        hot[is_group_word] = 0
        hot[:, constraint.columns] += spread * is_group_word[:, None]
    s = z.log_softmax(1)
    mlm = -(hot * s).sum() / counted.sum()
    total = weights.kd * heat**2 * kd + weights.mlm * mlm
    if weights.group:
        shares = [x[where][:, constraint.columns].exp() for x in (q, s)]
        coarse = [torch.cat([x, 1 - x.sum(1, keepdim=True)], 1) for x in shares]
        group = (coarse[0] * (coarse[0] / coarse[1]).log()).sum() / where.sum()
        total = total + weights.group * group
    return total


@pytest.mark.parametrize("constraint", [Constraint("none"), GROUP, PAIRS], ids=["none", "group", "pairs"])
@pytest.mark.parametrize("temperature", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("label", ["keep", "drop", "spread"])
@pytest.mark.parametrize("chunk", [5, 64])
def test_the_fused_objective_has_the_value_and_the_gradients_of_the_dense_one(
    constraint: Constraint, temperature: float, label: str, chunk: int
) -> None:
    weights = Weights(kd=5, mlm=2, group=3 if constraint.active else 0, temperature=temperature, label=label)
    states, weight, bias, targets = problem()
    wanted = dense_loss(states, weight, bias, targets, constraint, weights)
    gradients = torch.autograd.grad(wanted, (states, weight, bias))
    got, parts = fused_loss(states, weight, bias, targets, constraint, weights, chunk=chunk)
    assert got.item() == pytest.approx(wanted.item(), rel=1e-9)
    assert parts["kd"].item() > 0
    for ours, theirs in zip(torch.autograd.grad(got, (states, weight, bias)), gradients, strict=True):
        assert (ours - theirs).norm() <= 1e-8 * theirs.norm()


def test_in_single_precision_the_gradient_is_the_dense_one_within_rounding() -> None:
    weights = Weights(group=3, label="drop")
    states, weight, bias, targets = problem(torch.float32)
    wanted = torch.autograd.grad(dense_loss(states, weight, bias, targets, GROUP, weights), states)[0]
    total, _ = fused_loss(states, weight, bias, targets, GROUP, weights, chunk=7)
    got = torch.autograd.grad(total, states)[0]
    assert (got - wanted).norm() <= 1e-5 * wanted.norm()


def test_a_student_that_already_gives_the_constrained_distribution_has_no_kd_gradient() -> None:
    states, weight, bias, targets = problem()
    same = replace(targets, weight=weight.detach(), bias=bias.detach(), states=states.detach())
    total, parts = fused_loss(states, weight, bias, same, Constraint("none"), Weights(mlm=0))
    assert parts["kd"].abs() < 1e-12
    assert torch.autograd.grad(total, states)[0].abs().max() < 1e-12


def test_rows_of_the_last_layer_equal_the_models_own_states(any_family: MaskedLM) -> None:
    sentences = encode(any_family.tokenizer, ["The nurse said that she is good.", "He is a doctor."])
    ids, real = (torch.from_numpy(x) for x in pad(sentences, any_family.tokenizer.pad_token_id))
    rows = torch.tensor([1, 3, ids.shape[1] + 2])
    logits = any_family.model(input_ids=ids, attention_mask=real.long()).logits.flatten(0, 1)[rows]
    states = rows_of(any_family.model, ids, real, rows)
    ours = projection_of(any_family.model)(transform_of(any_family.model)(states))
    assert torch.allclose(ours, logits, atol=1e-5)


def test_looked_up_word_embeddings_can_be_handed_in(tiny_bert: MaskedLM) -> None:
    ids, rows = torch.tensor([[2, 60, 61, 62, 3]]), torch.tensor([2, 3])
    words = tiny_bert.model.get_input_embeddings().weight[ids]
    given = masked_rows(tiny_bert.model, ids, None, rows, words)
    assert torch.equal(given, masked_rows(tiny_bert.model, ids, None, rows))


def lengths(*sizes: int) -> list[np.ndarray]:
    return [np.arange(5, 5 + size, dtype=np.int32) for size in sizes]


def test_each_epoch_sees_every_sentence_once_in_an_order_of_its_own() -> None:
    stream = Stream(lengths(*range(3, 40)), tokens=60, seed=1, pad_id=0)
    first, again, second = stream.epoch(0), stream.epoch(0), stream.epoch(1)
    assert sorted(np.concatenate(first)) == list(range(37))
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not np.array_equal(np.concatenate(first), np.concatenate(second))


def test_batches_hold_at_most_the_wanted_tokens_padding_included() -> None:
    stream = Stream(lengths(*range(3, 40)), tokens=60, seed=1, pad_id=0)
    assert all(stream.pad(batch)[0].size <= 60 for batch in stream.epoch(0))


def test_a_corpus_without_a_word_is_refused() -> None:
    with pytest.raises(InputError, match="no usable sentence"):
        Stream(lengths(2, 2), tokens=60, seed=1, pad_id=0)


def masker(
    lm: MaskedLM, *, group_words: Sequence[int] = (), group_rate: float | None = None, sample: float = 0.0
) -> Masker:
    masking = Masking(0.3, 0.8, 0.1, group_rate)
    return Masker(lm.tokenizer, lm.vocabulary_size, masking, seed=7, group_words=group_words, sample=sample)


def test_masks_depend_on_seed_epoch_and_example_alone(tiny_bert: MaskedLM) -> None:
    ids = np.random.default_rng(0).integers(5, 100, (6, 12))
    draw = masker(tiny_bert)
    whole = draw(ids, None, np.arange(6), 2)
    alone = draw(ids[4:5], None, np.array([4]), 2)
    assert torch.equal(whole.ids[4:5], alone.ids)
    assert torch.equal(whole.rows[whole.rows // 12 == 4] - 48, alone.rows)
    assert not torch.equal(draw(ids, None, np.arange(6), 3).ids, whole.ids)


def test_masks_come_in_the_wanted_proportions_and_spare_special_tokens(tiny_bert: MaskedLM) -> None:
    tokenizer = tiny_bert.tokenizer
    ids = np.random.default_rng(0).integers(5, 100, (300, 40))
    ids[:, 0], ids[:, -1] = tokenizer.cls_token_id, tokenizer.sep_token_id
    he = tokenizer.convert_tokens_to_ids("he")
    ids[:, 5] = he
    batch = masker(tiny_bert, group_words=[he], group_rate=0.9)(ids, None, np.arange(300), 0)
    at = batch.rows % 40
    assert not ((at == 0) | (at == 39)).any()
    assert (at == 5).sum().item() / 300 == pytest.approx(0.9, abs=0.05)
    assert (at != 5).sum().item() / (300 * 37) == pytest.approx(0.3, abs=0.02)
    seen, labels = batch.ids.flatten()[batch.rows], batch.labels
    assert (seen == tokenizer.mask_token_id).float().mean().item() == pytest.approx(0.8, abs=0.03)
    assert (seen == labels).float().mean().item() == pytest.approx(0.1, abs=0.03)
    untouched = np.setdiff1d(np.arange(ids.size), batch.rows.numpy())
    assert np.array_equal(batch.ids.flatten().numpy()[untouched], ids.flat[untouched])


def test_positions_can_be_all_or_a_sample_with_labels_at_masked_ones_only(tiny_bert: MaskedLM) -> None:
    ids = np.random.default_rng(0).integers(5, 100, (50, 20))
    everything = masker(tiny_bert, sample=1.0)(ids, None, np.arange(50), 0)
    assert len(everything.rows) == ids.size
    assert (everything.labels != IGNORED).float().mean().item() == pytest.approx(0.3, abs=0.05)
    some = masker(tiny_bert, sample=0.25)(ids, None, np.arange(50), 0)
    assert len(some.rows) / ids.size == pytest.approx(0.3 + 0.7 * 0.25, abs=0.05)


def test_hashed_numbers_are_uniform_and_unlike_each_other() -> None:
    draws = [uniform(1, 0, np.arange(200), 50, draw) for draw in range(2)]
    assert draws[0].mean() == pytest.approx(0.5, abs=0.01)
    assert np.var(draws[0]) == pytest.approx(1 / 12, abs=0.003)
    for other in (draws[1], uniform(1, 1, np.arange(200), 50, 0), uniform(2, 0, np.arange(200), 50, 0)):
        assert abs(np.corrcoef(draws[0].ravel(), other.ravel())[0, 1]) < 0.05


def test_a_student_has_the_wanted_layers_and_the_teachers_head(tiny_bert: MaskedLM) -> None:
    student = take_layers(tiny_bert.model, [1])
    teacher = tiny_bert.model.state_dict()
    for name, tensor in student.state_dict().items():
        assert torch.equal(tensor, teacher[name.replace("layer.0.", "layer.1.")]), name
    assert student.config.num_hidden_layers == 1
    assert tiny_bert.model.config.num_hidden_layers == 2


@pytest.mark.parametrize("layers", [[], [2], [-1], [1, 0], [0, 0]])
def test_layers_that_the_teacher_lacks_are_refused(tiny_bert: MaskedLM, layers: list[int]) -> None:
    with pytest.raises(InputError, match="from 0 to 1"):
        take_layers(tiny_bert.model, layers)


CORPUS = Corpus("toy", None, SENTENCES, SENTENCES[:40])


def config(**rooms: object) -> Config:
    small = {"learning_rate": 1e-2, "micro_batch_tokens": 256, "accumulate": 1}
    values = {"student": {"layers": [0]}, "budget": {"steps": 25}, "optimizer": small, "log_every": 5}
    return make_config({**values, **rooms})


def test_training_lowers_the_divergence_and_leaves_teacher_and_embeddings_alone(tiny_bert: MaskedLM) -> None:
    before = {name: tensor.clone() for name, tensor in tiny_bert.model.state_dict().items()}
    events: list[dict] = []
    untrained = distil(tiny_bert, config(budget={"steps": 1}), corpus=CORPUS)
    result = distil(tiny_bert, config(), corpus=CORPUS, log=events.append)
    assert result.held_out["kl"] < 0.8 * untrained.held_out["kl"]
    assert [event["step"] for event in events] == [5, 10, 15, 20, 25]
    assert events[-1]["tokens"] == result.tokens
    after, student = tiny_bert.model.state_dict(), result.student.model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(torch.equal(student[name], before[name]) for name in before if "embeddings" in name)


def test_the_same_seed_gives_the_same_weights(tiny_bert: MaskedLM) -> None:
    one, two = (distil(tiny_bert, config(budget={"steps": 4}), corpus=CORPUS) for _ in range(2))
    other = distil(tiny_bert, config(budget={"steps": 4}, seed=1), corpus=CORPUS)
    weights = [
        r.student.model.state_dict()["cls.predictions.transform.dense.weight"] for r in (one, two, other)
    ]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def gap(lm: MaskedLM) -> float:
    tokenizer = lm.tokenizer
    texts = [f"[MASK] is a {word}." for word in ("nurse", "doctor", "pilot", "teacher")]
    encoded = tokenizer(texts, return_tensors="pt")
    with torch.no_grad():
        at = lm.model(**encoded).logits[encoded["input_ids"] == tokenizer.mask_token_id].log_softmax(1)
    he, she = tokenizer.convert_tokens_to_ids(["he", "she"])
    return float((at[:, he] - at[:, she]).abs().mean())


def test_a_constrained_student_holds_he_and_she_closer_together_than_a_plain_one(tiny_bert: MaskedLM) -> None:
    free = {"layers": [0], "freeze_embeddings": False}
    fair = {"kind": "group", "contrast": "pronouns", "slots": ["subject"]}
    objective = {"label": "drop", "group": 20.0}
    plain_student = distil(tiny_bert, config(student=free), corpus=CORPUS)
    settings = config(student=free, constraint=fair, objective=objective, masking={"group_rate": 0.6})
    fair_student = distil(tiny_bert, settings, corpus=CORPUS)
    assert gap(fair_student.student) < 0.5 * gap(plain_student.student)


@pytest.mark.parametrize("family", ["distilbert", "roberta", "electra", "modernbert"])
@pytest.mark.parametrize("positions", ["all", "masked", "sample"])
def test_every_family_with_layers_of_its_own_can_be_distilled(
    tiny_model, family: str, positions: str
) -> None:
    settings = config(budget={"steps": 2}, objective={"positions": positions})
    result = distil(tiny_model(family), settings, corpus=CORPUS)
    assert np.isfinite(result.held_out["kl"])


def test_shared_layers_cannot_be_taken(tiny_albert: MaskedLM) -> None:
    with pytest.raises(ValueError, match="AlbertForMaskedLM"):
        distil(tiny_albert, config(), corpus=CORPUS)


def test_a_saved_student_loads_with_the_fill_mask_pipeline_and_says_what_it_is(
    tiny_bert: MaskedLM, tmp_path: Path
) -> None:
    result = distil(tiny_bert, config(budget={"steps": 2}), corpus=CORPUS)
    folder = save(result, tmp_path / "student")
    found = pipeline("fill-mask", str(folder))("milk is a [MASK].")
    with torch.no_grad():
        encoded = tiny_bert.tokenizer("milk is a [MASK].", return_tensors="pt")
        logits = result.student.model(**encoded).logits[0, 4]
    assert found[0]["token"] == int(logits.argmax())
    assert found[0]["score"] == pytest.approx(float(logits.softmax(0).max()), abs=1e-5)
    card = (folder / "README.md").read_text()
    assert "2 steps" in card and "without a fairness constraint" in card


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [schedule(progress, 0.1) for progress in np.linspace(0, 1, 101)]
    assert rates[0] < 0.02 and max(rates) == pytest.approx(1, abs=0.02) and rates[-1] == 0
    assert rates.index(max(rates)) in (9, 10)


def test_an_uneven_split_into_chunks_and_batches_changes_no_step(tiny_bert: MaskedLM) -> None:
    sentences = encode(tiny_bert.tokenizer, SENTENCES)
    losses = []
    for chunk in (3, 500):
        settings = config(budget={"steps": 3}, objective={"chunk": chunk}, log_every=3)
        student = take_layers(tiny_bert.model, [0])
        trainer = Trainer(tiny_bert, student, Constraint("none"), settings)
        trainer.run(sentences, lambda event: losses.append(event["loss"]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"budgets": {}}, "budgets"),
        ({"objective": {"temperatur": 2}}, "objective.temperatur"),
        ({"objective": {"temperature": 0}}, "objective.temperature"),
        ({"budget": {"steps": 5, "minutes": 5}}, "either steps or minutes"),
        ({"masking": {"masked": 0.9, "random": 0.2}}, "add up to"),
    ],
)
def test_wrong_settings_are_named(values: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_config(values)


def test_a_configuration_file_and_changes_make_one_configuration(tmp_path: Path) -> None:
    path = tmp_path / "run.yaml"
    path.write_text("budget: {minutes: 7}\nconstraint: {kind: group}\n")
    read = read_config(path, ["budget.steps=30", "student.layers=[1, 4]"])
    assert (read.budget.steps, read.budget.minutes) == (30, None)
    assert read.student.layers == (1, 4) and read.constraint.kind == "group"
    assert make_config(read.model_dump()) == read, "what is written into a run's folder reproduces it"


@pytest.mark.parametrize("content", ["- a\n- b\n", "a: [1", "\udcff"])
def test_a_configuration_that_is_no_yaml_mapping_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.yaml"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="run.yaml"):
        read_config(path)
