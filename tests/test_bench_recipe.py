"""The rows of `benchmarks/recipe.py`: what stands beside one another differs in one thing."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

from tf_happywhale.config import Experiment, load_experiment

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "recipe.py"


def load_script():
    spec = importlib.util.spec_from_file_location("bench_recipe", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses look
    spec.loader.exec_module(module)
    return module


def test_a_row_of_retrieval_changes_one_key_of_the_row_it_is_measured_against() -> None:
    recipe = load_script()
    args = argparse.Namespace(data=Path("whales"), quick=False, output=Path("out"))
    kept: list = []
    before: Experiment | None = None
    seen = 0
    for row in recipe.WHALES:
        line = recipe.command_line(row, kept, 42, args)
        experiment = load_experiment(line[0], line[1:])
        if row.group == "retrieval":
            mine, others = experiment.rank.model_dump(), before.rank.model_dump()
            changed = [f"rank.{key}" for key in mine if mine[key] != others[key]]
            assert len(changed) == 1
            assert set(row.keys) - set(changed) <= {"embed.mirrored"}
            assert experiment.name == before.name  # the same model
            seen += 1
        if row.kept:
            kept.append(row)
            before = experiment
    assert seen == 4


def test_there_are_twelve_trainings_at_most() -> None:
    recipe = load_script()
    args = argparse.Namespace(data=Path("whales"), quick=False, output=Path("out"))
    kept, trained = [], set()
    for row in recipe.WHALES:
        line = recipe.command_line(row, kept, 42, args)
        experiment = load_experiment(line[0], line[1:])
        trained |= {(experiment.name, number) for number in range(experiment.round + 1)}
        kept += [row] if row.kept else []
    assert len(trained) == 12


def test_a_table_replaces_its_older_self_and_nothing_else(tmp_path: Path) -> None:
    recipe = load_script()
    page = tmp_path / "page.md"
    page.write_text("Words.\n<!-- pod -->\nold\n<!-- /pod -->\nMore.\n", encoding="utf-8")
    recipe.write_table(page, "pod", "| new |\n")
    recipe.write_table(page, "whales", "| a |\n")
    recipe.write_table(page, "whales", "| b |\n")
    assert page.read_text(encoding="utf-8") == (
        "Words.\n<!-- pod -->\n| new |\n<!-- /pod -->\nMore.\n"
        "\n<!-- whales -->\n| b |\n<!-- /whales -->\n"
    )
