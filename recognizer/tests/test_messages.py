"""The wire contract: what is a frame, and which error answers what is not."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizer.messages import BadFrame, PointsFrame, PredictionFrame, VerdictFrame, parse

POINTS = {"type": "points", "n": 7, "stroke": 0, "start": 12, "points": [[1, 2], [3.5, 4, 16]]}


def refusal(frame: Any) -> BadFrame:
    with pytest.raises(BadFrame) as caught:
        parse(frame if isinstance(frame, str) else json.dumps(frame))
    return caught.value


def test_a_points_frame_is_read_as_it_was_sent() -> None:
    frame = parse(json.dumps(POINTS))
    assert isinstance(frame, PointsFrame)
    assert frame.model_dump() == POINTS


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "drawing", "n": 8, "strokes": [[[1, 2], [3, 4]]]},
        {"type": "drawing", "strokes": []},
        {"type": "undo"},
        {"type": "clear", "n": 0},
        {"type": "charset", "charset": "digits"},
        {"type": "verdict", "label": "7"},
        {"type": "verdict", "correct": True},
        {"type": "forget"},
    ],
)
def test_every_frame_of_the_contract_is_read(frame: dict[str, Any]) -> None:
    assert parse(json.dumps(frame)).type == frame["type"]


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"type":"undo"}x', "[" * 100_000])
def test_what_is_not_json_is_refused_as_json(text: str) -> None:
    assert refusal(text).code == "json"


@pytest.mark.parametrize("value", [None, 5, "undo", [], [{"type": "undo"}], True])
def test_what_is_not_an_object_is_refused_as_json(value: Any) -> None:
    assert refusal(json.dumps(value)).code == "json"


@pytest.mark.parametrize("frame", [{}, {"type": None}, {"type": "nope"}, {"type": 3}, {"n": 3}])
def test_a_missing_or_unknown_type_is_refused_as_type(frame: dict[str, Any]) -> None:
    assert refusal(frame).code == "type"


@pytest.mark.parametrize(
    "change",
    [
        {"stroke": -1},
        {"stroke": "0"},
        {"stroke": 1.5},
        {"stroke": True},
        {"start": None},
        {"points": None},
        {"points": [[1]]},
        {"points": [[1, 2, 3, 4]]},
        {"points": [["1", 2]]},
        {"points": [[True, 2]]},
        {"points": [{"x": 1, "y": 2}]},
        {"colour": "red"},
        {"n": -1},
        {"n": "7"},
        {"n": 2**60},
    ],
)
def test_a_wrong_or_unknown_field_is_refused_as_field(change: dict[str, Any]) -> None:
    assert refusal(POINTS | change).code == "field"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_numbers_that_are_not_finite_are_refused(number: str) -> None:
    text = json.dumps(POINTS).replace("3.5", number)
    assert refusal(text).code in ("json", "field")


def test_an_error_names_the_frame_it_is_about() -> None:
    assert refusal(POINTS | {"stroke": -1}).n == 7
    assert refusal({"type": "nope", "n": 9}).n == 9
    assert refusal({"type": "nope", "n": "9"}).n is None


def test_an_error_says_where_and_does_not_repeat_the_content() -> None:
    error = refusal(POINTS | {"points": [[1, "canary"]]})
    assert "points.0.1" in error.message
    assert "canary" not in error.message


@pytest.mark.parametrize("label", [10, 3.7, True, []])
def test_an_error_names_the_field_and_not_the_types_that_it_may_have(label: Any) -> None:
    message = refusal({"type": "verdict", "label": label}).message
    assert message == "label: a label is one of 0-9 or a-z: the character itself, not its number"


def test_an_error_is_in_our_words_alone() -> None:
    assert refusal({"type": "verdict"}).message == "a verdict has either a label or correct"


def test_an_unknown_character_set_is_refused() -> None:
    assert refusal({"type": "charset", "charset": "greek"}).code == "field"


def test_a_verdict_has_a_label_or_correct_and_not_both() -> None:
    assert isinstance(parse('{"type":"verdict","label":"a"}'), VerdictFrame)
    assert refusal({"type": "verdict"}).code == "field"
    assert refusal({"type": "verdict", "label": "a", "correct": True}).code == "field"


def test_a_verdict_may_say_its_id_and_the_device() -> None:
    proposed = "7d3f4a60-0d0c-4b53-9d5e-2f8c1f0a9b11"
    frame = parse(json.dumps({"type": "verdict", "label": 0, "id": proposed, "device": "pen"}))
    assert isinstance(frame, VerdictFrame)
    assert (frame.label, str(frame.id), frame.device) == (0, proposed, "pen")


@pytest.mark.parametrize(
    "change", [{"label": True}, {"label": 10}, {"label": 3.7}, {"id": "7"}, {"device": "brain"}]
)
def test_an_odd_verdict_is_refused(change: dict[str, Any]) -> None:
    assert refusal({"type": "verdict", "label": "7"} | change).code == "field"


def test_a_prediction_frame_has_the_fields_of_the_contract() -> None:
    frame = PredictionFrame(
        covers=8, version=12, label="7", confidence=0.98, abstain=False, probabilities=(0.0,) * 36
    )
    assert json.loads(frame.model_dump_json()) == {
        "type": "prediction",
        "covers": 8,
        "version": 12,
        "label": "7",
        "confidence": 0.98,
        "abstain": False,
        "probabilities": [0.0] * 36,
        "personal": False,
    }


def test_a_prediction_frame_says_where_it_is_several_characters() -> None:
    frame = PredictionFrame(
        covers=8,
        version=12,
        label=None,
        confidence=0.98,
        abstain=True,
        probabilities=(0.0,) * 36,
        several=True,
    )
    assert json.loads(frame.model_dump_json())["several"] is True


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)
names = st.sampled_from(["type", "n", "stroke", "start", "points", "strokes", "charset", "label"])
types = st.sampled_from(["points", "drawing", "undo", "clear", "charset", "verdict", "forget"])
frames = st.dictionaries(names, values | types, max_size=6)
almost = st.fixed_dictionaries({"type": types}, optional={"n": values, "points": values})


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.one_of(frames, almost, values).map(json.dumps) | st.text())
def test_whatever_arrives_is_a_frame_or_one_of_three_refusals(text: str) -> None:
    code = "none"
    try:
        parse(text)
    except BadFrame as error:
        code = error.code
    assert code in ("none", "json", "type", "field")
