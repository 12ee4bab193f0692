"""Lists of allowed models and texts: what they admit, and what a refusal gives away."""

from __future__ import annotations

from pathlib import Path

import pytest

from fairkd.errors import FairKDError, InputError, ModelError
from fairkd.utils import Access, shortened


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with a text that is allowed, beside a folder with one that is not."""
    for folder in ("public", "private"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "text.txt").write_text("She is a nurse.\n")
    return tmp_path.resolve()


def refusal(access: Access, source: object) -> str:
    with pytest.raises(InputError) as caught:
        access.source(str(source))
    return str(caught.value).replace(str(source), "SOURCE")


def test_without_lists_everything_is_left_as_it_is() -> None:
    anything = Access()
    assert anything.model("/no/such/folder/") == "/no/such/folder/"
    assert anything.source("no-such.txt") == "no-such.txt"


def test_a_text_is_compared_by_its_resolved_path(shelf: Path) -> None:
    access = Access(text=(f"{shelf}/public/*",))
    inside = str(shelf / "public" / "text.txt")
    (shelf / "public" / "link.txt").symlink_to(shelf / "private" / "text.txt")
    (shelf / "private" / "link.txt").symlink_to(inside)
    assert access.source(inside) == access.source(f"{shelf}/private/../public/text.txt") == inside
    assert access.source(str(shelf / "private" / "link.txt")) == inside
    for outside in (shelf / "private" / "text.txt", shelf / "public" / "link.txt"):
        assert "not among the texts allowed here" in refusal(access, outside)
    assert "not among" in refusal(access, f"{shelf}/public/../private/text.txt")


def test_a_refusal_does_not_tell_whether_a_path_exists(shelf: Path) -> None:
    access = Access(models=(), text=(f"{shelf}/public/*",))
    present, absent = shelf / "private" / "text.txt", shelf / "private" / "none.txt"
    assert (
        refusal(access, present) == refusal(access, absent) == refusal(access, shelf / "public" / "none.txt")
    )
    # A way through a folder is resolved before anything is read, so it does not tell whether there is one.
    for way in ("private", "none"):
        assert access.source(f"{shelf}/{way}/../public/text.txt") == str(shelf / "public" / "text.txt")
    said = set()
    for folder in (shelf / "private", shelf / "none", "~nobody-of-this-name/x", "a\0b", "x" * 5000):
        with pytest.raises(ModelError) as caught:
            access.model(str(folder))
        said.add(str(caught.value).replace(shortened(folder), "FOLDER"))
        assert len(str(caught.value)) < 500
    assert len(said) == 1


def test_data_sets_of_the_hub_follow_the_same_list() -> None:
    access = Access(text=("hub:org/*",))
    assert access.source("hub:org/name") == "hub:org/name" and access.source("bug") == "bug"
    assert "not among" in refusal(access, "hub:other/name")
    assert "not among" in refusal(Access(text=()), "hub:org/name")


def test_a_model_that_is_no_path_is_never_taken_for_a_folder(
    shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shelf)
    access = Access(models=("public/*", f"{shelf}/public/*"))
    (shelf / "public" / "model").mkdir()
    assert access.model("public/other") == "public/other"
    assert access.model("public/model") == str(shelf / "public" / "model")
    assert access.model("embedded/teacher") == "embedded/teacher" and access.model("run/x") == "run/x"
    for other in ("./public/none", "private/model", str(shelf / "private")):
        with pytest.raises(ModelError, match="not among the models allowed here"):
            access.model(other)


def test_uploads_may_be_read_under_any_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home [1]"  # brackets have a meaning in patterns
    (home / "uploads").mkdir(parents=True)
    (home / "uploads" / "a.txt").touch()
    monkeypatch.setenv("FAIRKD_HOME", str(home))
    monkeypatch.delenv("FAIRKD_ALLOWED_TEXT", raising=False)
    assert Access.from_environment().text is None
    monkeypatch.setenv("FAIRKD_ALLOWED_TEXT", "")
    access = Access.from_environment()
    assert access.source(str(home / "uploads" / "a.txt")) == str((home / "uploads" / "a.txt").resolve())
    with pytest.raises(FairKDError, match="not among"):
        access.source(str(home / "runs"))
