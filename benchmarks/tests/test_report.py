"""Each figure stands beside its goal and whether it was met."""

import json
import math

import pytest

from benchmarks.report import Figure, Report


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("ratio", 0.5, at_least=0.5), "pass"),
        (Figure("ratio", 0.49, at_least=0.5), "miss"),
        (Figure("p99", 60.0, "ms", at_most=60), "pass"),
        (Figure("p99", 60.1, "ms", at_most=60), "miss"),
        (Figure("p99", math.nan, "ms", at_most=60), "miss"),
        (Figure("drawings", 3), ""),
    ],
)
def test_a_goal_is_met_or_missed(figure: Figure, verdict: str) -> None:
    assert figure.verdict == verdict
    assert figure.line().endswith(verdict)


def test_json_says_the_same() -> None:
    report = Report("A title")
    report.about(seed="1")
    report.add(Figure("ratio", 0.6, at_least=0.5), Figure("lag", math.nan), section="Part")
    content = json.loads(report.as_json())
    assert content["title"] == "A title"
    assert content["seed"] == "1"
    ratio, lag = content["sections"]["Part"]
    assert ratio == {"name": "ratio", "value": 0.6, "at_least": 0.5, "verdict": "pass"}
    assert lag["value"] is None
