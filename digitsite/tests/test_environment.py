"""Settings from the environment: what is odd is refused in a sentence."""

import errno
import ipaddress
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from digitsite.commandline import options_to_environment
from digitsite.environment import Environment


def reader(**variables: str) -> Environment:
    return Environment({f"DIGITSITE_{name}": value for name, value in variables.items()})


def test_what_is_not_set_has_its_default() -> None:
    env = reader()
    assert env.text("A", "x") == "x"
    assert env.integer("B", 3) == 3
    assert env.flag("C", default=True) is True
    assert env.choice("D", ("one", "two")) == "one"
    assert env.path("E", Path("/x")) == Path("/x")
    assert env.origins("F") == []


def test_what_is_blank_is_not_set() -> None:
    assert reader(A="  ").integer("A", 3) == 3


def test_values_are_read() -> None:
    env = reader(A="7", B="Off", C="two", D="10.0.0.0/8, ::1", E="https://a.b, http://c:1")
    assert env.integer("A", 3) == 7
    assert env.flag("B", default=True) is False
    assert env.choice("C", ("one", "two")) == "two"
    assert ipaddress.ip_address("10.1.2.3") in env.networks("D")[0]
    assert [str(origin) for origin in env.origins("E")] == ["https://a.b", "http://c:1"]


@pytest.mark.parametrize("value", ["-1", "0", "1.0", "1e3", "x", "99999", "٣", "1_000", "+5"])
def test_an_odd_number_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"DIGITSITE_PORT is .*: use a whole number"):
        reader(PORT=value).integer("PORT", 8000, most=65535)


@pytest.mark.parametrize("value", ["maybe", "2", "tru"])
def test_an_odd_flag_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="use 1 or 0"):
        reader(DEBUG=value).flag("DEBUG", default=False)


def test_an_odd_choice_network_or_origin_is_refused() -> None:
    env = reader(A="three", B="10.0.0.1/8", C="*")
    with pytest.raises(ImproperlyConfigured, match="use one of: one, two"):
        env.choice("A", ("one", "two"))
    with pytest.raises(ImproperlyConfigured, match="use addresses or networks"):
        env.networks("B")
    with pytest.raises(ImproperlyConfigured, match="is not an origin"):
        env.origins("C")


def test_a_misspelt_variable_is_refused_with_the_right_one() -> None:
    env = reader(STAET="x")
    env.text("STATE")
    with pytest.raises(ImproperlyConfigured, match=r"did you mean DIGITSITE_STATE\?"):
        env.refuse_unknown()


def test_other_variables_are_none_of_our_business() -> None:
    Environment({"PATH": "/bin"}).refuse_unknown()


def test_options_become_settings() -> None:
    environ: dict[str, str] = {}
    left = options_to_environment(
        ["manage.py", "serve", "--port", "81", "--state=/x", "--host", "::1", "--traceback"],
        environ,
    )
    assert left == ["manage.py", "serve", "--traceback"]
    assert environ == {
        "DIGITSITE_PORT": "81",
        "DIGITSITE_STATE": "/x",
        "DIGITSITE_HOST": "::1",
    }


def test_other_commands_keep_their_own_options() -> None:
    environ: dict[str, str] = {}
    arguments = ["manage.py", "other", "--port", "81", "--state", "/x"]
    assert options_to_environment(arguments, environ) == ["manage.py", "other", "--port", "81"]
    assert environ == {"DIGITSITE_STATE": "/x"}


@pytest.mark.parametrize("arguments", [["--state"], ["--state="], ["--state", "--port"]])
def test_an_option_without_a_value_is_refused(arguments: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured, match="--state needs a value"):
        options_to_environment(["manage.py", "serve", *arguments], {})


LOOKS = [["doctor", "--state=nowhere"], ["--state", "nowhere", "doctor"], ["--state=x", "backup"]]


@pytest.mark.parametrize("arguments", LOOKS)
def test_who_looks_at_a_folder_that_is_not_there_is_told_wherever_it_is_named(
    arguments: list[str],
) -> None:
    with pytest.raises(ImproperlyConfigured, match="there is no such folder"):
        options_to_environment(["manage.py", *arguments], {})


def test_a_folder_below_one_that_may_not_be_entered_is_refused_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_dir", refuse)
    with pytest.raises(ImproperlyConfigured, match=r"'/locked/x': .* used \(Permission denied\)"):
        options_to_environment(["manage.py", "doctor", "--state=/locked/x"], {})
