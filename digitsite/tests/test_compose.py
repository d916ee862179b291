"""The compose file, as docker-compose understands it: scalable, hardened, nothing secret in it."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from digitsite.tests.processes import ROOT, missing

FILLED = {
    "DOMAIN": "digits.example.org",
    "SECRET_KEY": "key",
    "POSTGRES_PASSWORD": "word",
    "REDIS_PASSWORD": "pass",
}
SETTINGS = {
    "DIGITSITE_METRICS_TOKEN": "token",
    "DIGITSITE_GATE_SUBMITTER_PERCENT": "100",
    "DIGITSITE_TRUSTED_PROXIES": "0.0.0.0/0",  # not theirs to set
}
OURS = ("prepare", "web", "worker", "beat")


def config(folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Ask docker-compose what it makes of the file, with the .env that is in the folder."""
    program = shutil.which("docker-compose")
    if program is None:
        missing("docker-compose is not installed")
    clean = {name: value for name, value in os.environ.items() if name not in FILLED}
    file = ("--file", str(ROOT / "docker-compose.yml"), "--project-directory", str(folder))
    return subprocess.run(
        [program, *file, "config"],
        cwd=folder,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("compose")
    (folder / ".env").write_text("\n".join(f"{name}={value}" for name, value in SETTINGS.items()))
    answer = config(folder, FILLED)
    assert answer.returncode == 0, answer.stderr
    found: dict[str, dict[str, Any]] = yaml.safe_load(answer.stdout)["services"]
    return found


def test_it_has_all_that_the_site_needs(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {*OURS, "postgres", "redis", "proxy"}


def test_web_and_worker_can_be_many(services: dict[str, dict[str, Any]]) -> None:
    assert not any("container_name" in service for service in services.values())
    assert [name for name, service in services.items() if "ports" in service] == ["proxy"]


def test_every_container_is_hardened_and_bounded(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert "privileged" not in service
    adding = {name: one["cap_add"] for name, one in services.items() if "cap_add" in one}
    assert adding == {"proxy": ["NET_BIND_SERVICE"]}


def test_all_that_stays_up_is_watched_and_has_time_to_stop(
    services: dict[str, dict[str, Any]],
) -> None:
    for name in set(services) - {"prepare"}:
        assert services[name]["healthcheck"]["test"][0] != "NONE", name
        assert services[name]["stop_grace_period"] == "40s", name
        assert services[name]["restart"] == "unless-stopped", name


def test_nothing_starts_before_the_tables_are_there(services: dict[str, dict[str, Any]]) -> None:
    for name in ("web", "worker", "beat"):
        condition = services[name]["depends_on"]["prepare"]["condition"]
        assert condition == "service_completed_successfully"
    assert services["prepare"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_web_starts_again_while_the_database_is_down(services: dict[str, dict[str, Any]]) -> None:
    assert services["web"]["command"] == ["python", "manage.py", "web", "--prepared"]


def test_web_and_workers_share_the_weights(services: dict[str, dict[str, Any]]) -> None:
    for name in ("web", "worker"):
        assert "versions:/versions:rw" in services[name]["volumes"]
    assert "DIGITSITE_VERSIONS_DIR=/versions" in (ROOT / "Dockerfile").read_text()


def test_the_database_and_redis_are_out_of_reach(services: dict[str, dict[str, Any]]) -> None:
    for name in ("postgres", "redis"):
        assert list(services[name]["networks"]) == ["inside"]
    assert list(services["proxy"]["networks"]) == ["edge"]


@pytest.mark.parametrize("name", FILLED)
@pytest.mark.parametrize("left", [None, ""])
def test_what_is_not_filled_in_is_asked_for(name: str, left: str | None, tmp_path: Path) -> None:
    variables = {key: value for key, value in FILLED.items() if key != name}
    if left is not None:
        variables[name] = left
    (tmp_path / ".env").touch()
    answer = config(tmp_path, variables)
    assert answer.returncode != 0
    assert name in answer.stderr


def test_any_setting_of_the_site_may_be_in_the_env_file(
    services: dict[str, dict[str, Any]],
) -> None:
    for name in OURS:
        environment = services[name]["environment"]
        assert environment["DIGITSITE_METRICS_TOKEN"] == "token"
        assert str(environment["DIGITSITE_GATE_SUBMITTER_PERCENT"]) == "100"
        assert environment["DIGITSITE_TRUSTED_PROXIES"] == "172.31.77.0/24"


def test_only_the_site_reads_the_env_file(services: dict[str, dict[str, Any]]) -> None:
    for name in set(services) - set(OURS):
        assert not SETTINGS.keys() & services[name].get("environment", {}).keys()


def test_without_an_env_file_it_is_asked_for(tmp_path: Path) -> None:
    answer = config(tmp_path, FILLED)
    assert answer.returncode != 0
    assert ".env" in answer.stderr


def test_every_setting_that_the_example_proposes_is_one() -> None:
    text = (ROOT / ".env.example").read_text()
    proposed = re.findall(r"^#DIGITSITE_(\w+)=", text, re.MULTILINE)
    settings = (ROOT / "digitsite" / "settings.py").read_text()
    assert "METRICS_TOKEN" in proposed
    for name in proposed:
        assert re.search(rf'env\.\w+\("{name}"', settings), name


def test_the_example_names_them_all_and_chooses_none() -> None:
    text = (ROOT / ".env.example").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert sorted(lines) == sorted(f"{name}=" for name in FILLED)


def test_the_image_runs_as_nobody_in_particular_and_holds_no_secret() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER 10001" in lines
    assert lines.index("USER 10001") < next(i for i, x in enumerate(lines) if x.startswith("CMD"))
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".env", ".git", "var"} <= set(ignored)


def test_the_proxy_has_limits_and_finds_every_web_process() -> None:
    text = (ROOT / "deploy" / "Caddyfile").read_text()
    for wanted in ("max_size 2MiB", "max_header_size", "read_header", r"dynamic a \{\s+name web"):
        assert re.search(wanted, text), wanted
