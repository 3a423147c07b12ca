"""What the pages say is what the commands do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

import risk_model.__main__
import service.__main__
from benchmarks.__main__ import FIGURES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
APPS = {"risk-model": risk_model.__main__.app, "risk-service": service.__main__.app}


def commands(app: typer.Typer) -> dict[str, set[str]]:
    """Every command, nested ones as "audit verify", with its options."""

    def walk(group: object, before: str) -> Iterator[tuple[str, set[str]]]:
        for name, command in group.commands.items():  # type: ignore[attr-defined]
            if hasattr(command, "commands"):
                yield from walk(command, f"{before}{name} ")
            else:
                yield (
                    f"{before}{name}",
                    {option for p in command.params for option in p.opts + p.secondary_opts},
                )

    return dict(walk(get_command(app), ""))


def written() -> list[tuple[str, str]]:
    """Every command line in the README's code, as program and the rest."""
    code = "\n".join(re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL))
    return re.findall(r"^(risk-model|risk-service) ([^#\n]+)", code, flags=re.MULTILINE)


@pytest.mark.parametrize("program", list(APPS))
def test_every_command_is_in_the_readme(program: str) -> None:
    shown = [line for name, line in written() if name == program]
    for command in commands(APPS[program]):
        assert any(line.startswith(command) for line in shown), f"{program} {command}"


@pytest.mark.parametrize(("program", "line"), written())
def test_every_command_line_of_the_readme_exists_with_its_options(program: str, line: str) -> None:
    known = commands(APPS[program])
    command = next(name for name in sorted(known, key=len, reverse=True) if line.startswith(name))
    assert set(re.findall(r"--[a-z-]+", line)) <= known[command]


def test_every_help_says_what_a_command_does() -> None:
    for app in APPS.values():
        for command in get_command(app).commands.values():  # type: ignore[attr-defined]
            assert (command.help or "").strip().endswith((".", "made.", "1 if anything differs.")), (
                command.name
            )


def test_every_target_of_the_makefile_that_the_readme_names_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, flags=re.MULTILINE)) <= targets


def test_every_figure_stands_in_the_readmes_table() -> None:
    assert set(FIGURES) <= set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE))


def test_every_path_that_the_readme_names_exists() -> None:
    named = re.findall(
        r"\]\(((?:docs|risk_model|service|data_contracts|benchmarks|tests|notebooks|mlruns)[^)#]*)\)", README
    )
    assert named
    for path in named:
        assert (ROOT / path).exists(), path


def test_every_module_has_its_place_on_the_map() -> None:
    for room in sorted((ROOT / "risk_model").iterdir()):
        if (room.suffix == ".py" and room.stem != "__init__") or (room / "__init__.py").exists():
            named = f"`{room.name}`" if room.suffix else f"{room.name}/"
            assert named in README or f"`risk_model/{room.name}`" in README, room.name


def test_no_module_is_over_400_lines() -> None:
    for folder in ("risk_model", "service", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path.name
