"""The gender swap: words, names, case, possessives, both readings of "her", and held-out sentences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from fairkd.augmentation.gender_swap import AT_ONCE, Resolver, swap, swap_many, swapper
from fairkd.augmentation.swap_lexicon import lexicon
from fairkd.corpora import build
from fairkd.lexicon.word_groups import contrasts
from fairkd.models.loading import MaskedLM


@pytest.mark.parametrize(
    ("sentence", "swapped"),
    [
        ("The king lost his crown; the queen found hers.", "The queen lost her crown; the king found his."),
        ("She told him, and HE told her.", "He told her, and SHE told him."),
        ("Mothers' hats, a mother's hat.", "Fathers' hats, a father's hat."),
        ("The actresses' room, the men's room.", "The actors' room, the women's room."),
        ("The ladies' coats; the gentlemen's hats.", "The gentlemen's coats; the ladies' hats."),
        ("THE LADIES' ROOM", "THE GENTLEMEN'S ROOM"),
        ("LADIES' Abbess", "GENTLEMEN'S Abbot"),
        ("the 'ladies' said", "the 'gentlemen' said"),
        ("The gentlemen 's club of her mother-in-law", "The ladies ' club of his father-in-law"),
        ("her ex-husband’s sister—she’s here", "his ex-wife’s brother—he’s here"),
        ("He/she (himself), “HERSELF”!", "She/he (herself), “HIMSELF”!"),
        ("An actor, an uncle and an heir.", "An actress, an aunt and an heiress."),
        ("Sa fiancée, the fiancé", "Sa fiancé, the fiancée"),
        ("Mr. Smith met Mrs. Jones.", "Mrs. Smith met Mr. Jones."),
        ("Sir Walter, Lady Anne and a lady, sir.", "Dame Walter, Lord Anne and a gentleman, madam."),
        ("Miss Marple and Ms. Lee; I miss you.", "Mr Marple and Mr. Lee; I miss you."),
        ("The hostess is a goddess.", "The host is a god."),
        ("The actress' role and the duchess' dress.", "The actor's role and the duke's dress."),
        ("THE DUCHESS' DRESS, a marquess' hat", "THE DUKE'S DRESS, a marchioness' hat"),
        (
            "The king 's son stole the ladies ' coats .",
            "The queen 's daughter stole the gentlemen 's coats .",
        ),
        ("'Twas in the '90s: the ladies' coats", "'Twas in the '90s: the gentlemen's coats"),
        ("'Go!' he said of the ladies' coats.", "'Go!' she said of the gentlemen's coats."),
        ("'The ladies' coats!' he said.", "'The gentlemen's coats!' she said."),
        ("‘The ladies’ coats,’ he said.", "‘The gentlemen’s coats,’ she said."),
        ("the ‘ladies’ and 'actress' roles", "the ‘gentlemen’ and 'actor' roles"),
        ("She's one of ' the ladies ' here", "He's one of ' the gentlemen ' here"),
        ('I saw "only her" and him.', 'I saw "only him" and her.'),
        (
            "(I saw her) [by her] “to her”, for her… near her—",
            "(I saw him) [by him] “to him”, for him… near him—",
        ),
        ("Towels: his and hers.", "Towels: hers and his."),
    ],
)
def test_words_are_swapped_and_keep_their_form(sentence: str, swapped: str) -> None:
    assert swap(sentence) == swapped


@pytest.mark.parametrize(
    "sentence",
    [
        "Milk is white.",
        "The host counts the bachelor's degrees of a master.",
        "s/he and (s)he sail a man-made man-of-war to the Isle of Man.",
        "Stephen King and Iron Man met Martin Luther King Jr. at a Burger King.",
        "Puff Daddy, the Beach Boys, the X-Men and Mad Men.",
        "hE said sHE",
        "Sheila, Herman and a human, mankind, himalaya",
        "The HER2 gene, HER-2 and a 6xHis tag.",
        "A He-Ne laser, a He–Ne laser and He-3.",
        "A his-tagged protein, He-Man and the MEN-1 syndrome.",
        "An MR scan with MRS.",
        "",
    ],
)
def test_words_that_are_not_gendered_and_parts_of_words_stay(sentence: str) -> None:
    assert swap(sentence) == sentence


def test_a_title_or_a_first_word_is_not_part_of_a_name() -> None:
    assert swap("The King saw Old King Cole.") == "The Queen saw Old Queen Cole."
    assert swap("When Prince Hal came, His Mother said") == "When Princess Hal came, Her Father said"


@pytest.mark.parametrize(
    ("sentence", "swapped"),
    [
        ("Yesterday Mom said she was late.", "Yesterday Dad said he was late."),
        ("Will Dad come? Did Grandma call?", "Will Mom come? Did Grandpa call?"),
        ("Hello Mother, Hello Father!", "Hello Father, Hello Mother!"),
        ("Ask Uncle.", "Ask Aunt."),
        ("American Women and Chinese Men vote.", "American Men and Chinese Women vote."),
    ],
)
def test_a_form_of_address_in_the_family_is_not_part_of_a_name(sentence: str, swapped: str) -> None:
    assert swap(sentence) == swapped
    assert swap(swapped) == sentence


def test_a_title_in_capitals_needs_a_point_or_a_sentence_in_capitals() -> None:
    assert swap("MR. SMITH had an MR scan.") == "MRS. SMITH had an MR scan."
    assert swap("MR SMITH IS HERE") == "MRS SMITH IS HERE"
    assert swap("Mr Smith is here") == "Mrs Smith is here"


def test_names_are_swapped_on_request_and_only_with_a_capital() -> None:
    assert swap("James met MARY, and james saw James's dog.") == "James met MARY, and james saw James's dog."
    assert (
        swap("James met MARY, and james saw James's dog.", names=True)
        == "Mary met JAMES, and james saw Mary's dog."
    )
    assert swap("James' dog. JAMES' BOOK; 'James' he said", names=True) == (
        "Mary's dog. MARY'S BOOK; 'Mary' she said"
    )


def test_her_and_his_are_decided_by_the_given_function() -> None:
    calls: list[tuple[str, int]] = []

    def decide(sentence: str, start: int) -> str:
        calls.append((sentence, start))
        return {"her": "him", "his": "hers"}[sentence[start : start + 3].lower()]

    sentence = "Her cat saw her and his."
    assert swap(sentence, her=decide) == "Him cat saw him and hers."
    assert calls == [(sentence, 0), (sentence, 12), (sentence, 20)]


def test_the_list_has_a_few_hundred_pairs_and_each_word_once() -> None:
    words = lexicon()
    assert len(words.pairs) / 2 >= 250
    assert all(words.pairs[words.pairs[word]] == word for word in words.pairs if word not in ("him", "hers"))
    assert not set(words.pairs) & set(words.one_way)
    assert not set(words.names) & (set(words.pairs) | set(words.one_way))
    for word, other in [*words.pairs.items(), *words.one_way.items()]:
        assert word == word.lower() and word != other


def test_every_pair_keeps_its_article() -> None:
    def article(word: str) -> str:
        return "an" if word[0] in "aeiou" or word.startswith("heir") else "a"

    assert not [pair for pair in lexicon().pairs.items() if len({article(word) for word in pair}) > 1]


def test_plurals_swap_to_plurals() -> None:
    words = lexicon()
    for word in words.plurals & set(words.pairs):
        assert words.pairs[word].endswith(("s", "men"))
    assert {"ladies", "princes", "princesses", "wives"} <= words.plurals
    assert not {"princess", "heiress", "men", "his"} & words.plurals


def test_the_shipped_word_groups_are_pairs_of_the_list() -> None:
    pairs = lexicon().pairs
    for name in ("woman-man", "kinship"):
        for a, b in contrasts()[name].pairs("noun"):
            # "gentleman" is paired with "lady" there, too; "grandpa" with "grandma".
            assert pairs[a] == b and pairs[b] == a


NEUTRAL = ["the", "a", "saw", "told", "book", "nurse", ",", ";", "and", "of", "to", "house", "when"]
PRONOUNS = {"he", "she", "himself", "herself"}
SHAPES = [str.lower, str.upper, str.capitalize]
ENDINGS = ["", "", "", "", ".", ",", "'s", "’s", "-in-law", "-like", "-Ne", "2", "-2", "!"]


def _may_be_a_name(word: str, shape: Callable[[str], str]) -> bool:
    """Whether the capitals of a word or its counterpart may mark a name or an abbreviation, which stay."""
    both = {word, lexicon().pairs[word]}
    if shape is str.capitalize:
        return bool(both & lexicon().name_words)
    return shape is str.upper and min(map(len, both)) <= 4 and word not in PRONOUNS


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """Text of words that are each other's counterparts, in every case, with punctuation and possessives."""
    words = lexicon()
    titles = {*words.titles, *words.one_way_titles}  # "Gentleman X", "Lady X", "Lord X"
    mutual = sorted(
        word
        for word, other in words.pairs.items()
        if words.pairs.get(other) == word and not {word, other} & titles
    )
    parts = []
    for _ in range(draw(st.integers(1, 8))):
        shape = draw(st.sampled_from(SHAPES))
        word = draw(st.one_of(st.sampled_from(mutual), st.sampled_from(NEUTRAL)))
        # A plural forms its possessive with an apostrophe alone.
        ending = draw(st.sampled_from(ENDINGS))
        if ending in ("'s", "’s") and word in words.plurals:
            ending = ending[0]
        if not word[-1].isalpha() and ending[:1] in ("'", "’"):
            ending = ""  # after a comma it would open a quotation, which a later one would close
        if word in words.pairs and _may_be_a_name(word, shape):
            shape = str.lower
        if shape is str.upper:
            ending = ending.upper()
        parts.append(shape(word) + ending)
    return " ".join(parts)


# A slow machine is no fault of the property.
@given(sentences())
def test_swapping_twice_returns_the_sentence(sentence: str) -> None:
    assert swap(swap(sentence)) == sentence


@given(st.lists(st.sampled_from(sorted(lexicon().names)), min_size=1, max_size=5))
def test_swapping_names_twice_returns_them(names: list[str]) -> None:
    sentence = " met ".join(name.capitalize() for name in names) + "'s dog."
    swapped = swap(sentence, names=True)
    assert swapped != sentence and swap(swapped, names=True) == sentence


@given(st.text())
def test_any_text_can_be_swapped(text: str) -> None:
    assert isinstance(swap(text, names=True), str)


TRICKY = [
    "She lost her keys when I saw her.",
    "They saw her leave the house and gave her a book.",
    "A friend of his with a dog came for his coat.",
    "The nurse took care of her patients.",
    "Milk is white.",
]


def test_many_sentences_at_once_are_swapped_like_single_ones(teacher: MaskedLM) -> None:
    decide = Resolver(teacher)
    assert swap_many(TRICKY, teacher) == [swap(sentence, her=decide) for sentence in TRICKY]
    assert swap_many(TRICKY, None) == [swap(sentence) for sentence in TRICKY]
    assert swap_many([], teacher) == []


def test_the_teacher_distinguishes_his_from_him_and_her_from_hers(teacher: MaskedLM) -> None:
    assert swap_many(TRICKY, teacher) == [
        "He lost his keys when I saw him.",
        "They saw him leave the house and gave him a book.",
        "A friend of hers with a dog came for her coat.",
        "The nurse took care of his patients.",
        "Milk is white.",
    ]


def test_the_swap_for_a_run_equals_that_of_many_sentences(teacher: MaskedLM) -> None:
    assert swapper([], teacher)(TRICKY) == swap_many(TRICKY, teacher)
    assert swapper([], None, names=True)(["James sings."]) == ["Mary sings."]


def test_no_swapped_sentence_is_close_to_a_held_out_one_or_its_swap() -> None:
    held_out = [
        "He is a pilot.",
        "The old queen of a far away country, ever so kind, reads her book at night.",
    ]
    training = [
        "She is a pilot!",  # its swap is a held-out sentence
        "He is a pilot!",  # its swap is that of a held-out one
        "The old king of a far away country, ever so kind, came.",  # its swap begins like a held-out one
        "She sings.",
    ]
    assert swapper(held_out, None)(training) == [*training[:3], "He sings."]


def test_swapped_and_held_out_sentences_are_disjoint() -> None:
    # Every sentence in both genders, so that the swap of each held-out one is in the corpus.
    texts = [f"{who} {n} times saw {who.lower()}self." for n in range(1000) for who in ("Him", "Her")]
    texts += [f"{who} sings song number {n}." for n in range(1000) for who in ("He", "She")]
    corpus = build("made", None, texts)
    apart = {*corpus.held_out, *swap_many(corpus.held_out, None)}
    assert len(apart & set(swap_many(corpus.training, None))) > 10
    swapped = swapper(corpus.held_out, None)(corpus.training)
    made = [other for sentence, other in zip(corpus.training, swapped, strict=True) if other != sentence]
    assert len(made) > 3000 and not apart & set(made)


def test_progress_is_reported_for_held_out_sentences_and_can_end_the_swap() -> None:
    held_out = [f"She sings song number {n}." for n in range(2 * AT_ONCE + 1)]
    reports: list[tuple[str, float | None]] = []
    swapper(held_out, None, progress=lambda text, fraction: reports.append((text, fraction)))
    assert [fraction for _, fraction in reports] == pytest.approx([200 / 401, 400 / 401, 1.0])
    assert reports[-1][0] == "Swapping held-out sentences: 401 of 401"

    def stop(text: str, fraction: float | None) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        swapper(held_out, None, progress=stop)


def test_progress_is_reported_while_the_model_decides(teacher: MaskedLM) -> None:
    reports: list[float | None] = []
    swap_many(["I saw her leave."] * 3, teacher, progress=lambda text, fraction: reports.append(fraction))
    assert reports[-1] == 1.0
