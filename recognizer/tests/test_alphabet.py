"""Labels, character sets and ambiguity groups."""

import re
from pathlib import Path

import pytest
from django.conf import settings

from recognizer import alphabet


def test_there_are_36_labels_in_the_order_of_the_wire() -> None:
    assert "".join(alphabet.LABELS) == "0123456789abcdefghijklmnopqrstuvwxyz"


def test_the_character_sets_divide_the_labels() -> None:
    digits, letters = alphabet.indices("digits"), alphabet.indices("letters")
    assert (*digits, *letters) == alphabet.indices("all") == tuple(range(36))


def test_upper_case_shares_the_label_of_lower_case() -> None:
    assert alphabet.label_of("Q") == alphabet.label_of("q") == "q"


@pytest.mark.parametrize("character", ["", "10", " 4", "-", "٣", "é", "\u017f", "\u212a", "../x"])
def test_what_is_not_a_label_is_refused(character: str) -> None:
    with pytest.raises(ValueError, match="use one of 0-9 or a-z"):
        alphabet.label_of(character)


def test_ambiguity_groups_are_disjoint_and_hold_known_labels() -> None:
    together = [label for group in alphabet.AMBIGUITY_GROUPS for label in group]
    assert len(together) == len(set(together))
    assert set(together) <= set(alphabet.LABELS)


def test_a_label_without_look_alikes_is_alone_in_its_group() -> None:
    assert alphabet.ambiguity_group("7") == {"7"}
    assert alphabet.ambiguity_group("o") == {"0", "o"}


def test_the_page_knows_the_same_groups() -> None:
    script = (Path(settings.BASE_DIR) / "static" / "js" / "ranking.js").read_text()
    found = re.search(r"const GROUPS = \[(.*?)\];", script)
    assert found
    groups = [frozenset(group) for group in re.findall(r'"(\w+)"', found[1])]
    assert groups == list(alphabet.AMBIGUITY_GROUPS)
