"""Every command and example of the README, run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from photo import photo
from PIL import Image

from feedline import transforms
from feedline.native import IMPLEMENTATION
from feedline.transforms import load_recipe

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


SAYS = (
    "torch.Size([64, 1, 28, 28]) torch.float32",
    "['cat', 'dog'] True 2",
    "['train', 'val'] (512, 1, 28, 28)",
    "1 resampling, 1 pass over floats",
    "39 batches were left, 0 samples could not be made",
    "[401920, 262656, 5130] 669706\n(32, 112, 112)\n",
)


DOCS = (ROOT / "docs/transforms.md").read_text(encoding="utf-8")
KERNEL = (ROOT / "docs/kernel.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)


def run(command: list[str], folder: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=540, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


# All of its epochs where slow tests run; the fourth says as well that it learns.
@pytest.mark.parametrize("shorter", ["--epochs 4", pytest.param("", marks=pytest.mark.slow)])
def test_the_first_command_makes_what_the_readme_says(shorter: str, tmp_path: Path) -> None:
    first = blocks("sh")[0].strip()
    assert first == "feedline train"
    run(["bash", "-euc", f"{first} {shorter}"], tmp_path)
    table = re.findall(r"^\| (`.*?`) \|", README, flags=re.MULTILINE)
    promised = [name for cell in table for name in re.findall(r"`([\w/.]+\.(?:html|yaml|csv|png|pt))`", cell)]
    assert len(promised) == 10
    assert all((tmp_path / "runs/glyphs" / name).is_file() for name in promised)
    accuracies = [line.split(",")[3] for line in (tmp_path / "runs/glyphs/results.csv").read_text().splitlines()[1:]]
    assert max(map(float, accuracies)) >= 0.98


def test_the_other_commands_run_one_after_the_other(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for block in blocks("sh")[1:]:
        run(["bash", "-euc", block.replace("demo pix2pix", "demo pix2pix --epochs 1")], tmp_path)
    assert (tmp_path / "guesses.png").is_file()
    assert (tmp_path / "sheet.png").is_file()


@pytest.mark.parametrize(("block", "says"), list(zip(blocks("python"), SAYS, strict=True)))
def test_the_python_examples_run(block: str, says: str, tmp_path: Path) -> None:
    assert says in run([sys.executable, "-c", block], tmp_path)


def test_the_examples_of_the_page_on_transforms_run(tmp_path: Path) -> None:
    says = run([sys.executable, "-c", "\n".join(blocks("python", DOCS))], tmp_path)
    assert "1 resampling; decodes (55, 24, 320, 373) of 375 x 500" in says
    assert says.endswith("1 resampling, 1 pass over floats\n")
    (recipe,) = blocks("yaml", DOCS)
    (tmp_path / "recipe.yaml").write_text(recipe, encoding="utf-8")
    assert len(load_recipe(tmp_path / "recipe.yaml").transforms) == 6


def test_the_example_of_the_page_on_the_kernel_counts_what_the_page_says(tmp_path: Path) -> None:
    for number in range(6):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(photo(300, 400, seed=number)).save(path)
    (block,) = blocks("python", KERNEL)
    resamplings, float_passes, decoded, read = map(int, run([sys.executable, "-c", block], tmp_path).split())
    assert "one resampling and one pass over floats a picture" in " ".join(KERNEL.split())
    assert (resamplings, float_passes) == (6, 6)
    if IMPLEMENTATION == "twin":
        assert (decoded, read) == (0, 0)
    else:  # of 19 rows of 25 units in each
        assert 0 < decoded < 6 * 19 * 25
        assert 6 <= read <= 6 * 19


def test_the_page_on_transforms_names_every_transform() -> None:
    kinds = (transforms.Transform, transforms.Choice, transforms.BatchTransform)
    named = [getattr(transforms, name) for name in transforms.__all__]
    steps = {kind.__name__ for kind in named if isinstance(kind, type) and issubclass(kind, kinds)}
    assert {name for name in steps if not re.search(rf"\b{name}\b", DOCS)} == {kind.__name__ for kind in kinds}


def test_the_two_commands_for_a_fresh_machine_do_what_is_tested_here() -> None:
    assert "make demo" in README
    assert "make test" in README
    demo = run(["make", "--dry-run", "--always-make", "--no-print-directory", "demo"], ROOT)
    assert "pip install --quiet -c constraints.txt -e ." in demo
    assert demo.strip().endswith("/feedline train")
    assert "make test" in (ROOT / ".ci/run").read_text()


def test_make_test_runs_the_tests_of_both_environments() -> None:
    done = run(["make", "--dry-run", "--always-make", "--no-print-directory", "test"], ROOT)
    assert re.search(r"/bin/python -m pytest -n \w+ --dist worksteal --cov", done)
    assert re.search(r"-torchvision/bin/python -m pytest -n \w+ tests_torchvision$", done, re.MULTILINE)
    assert "pip install --quiet --no-compile -r requirements-torchvision.txt" in done


def test_both_environments_have_the_same_tools() -> None:
    pinned = [
        dict(re.findall(r"^(\w\S*)==(\S+)$", (ROOT / f"requirements-{name}.txt").read_text(), re.MULTILINE))
        for name in ("dev", "torchvision")
    ]
    shared = pinned[0].keys() & pinned[1].keys()
    assert shared == {"hypothesis", "pytest", "pytest-randomly", "pytest-xdist"}
    assert all(pinned[0][name] == pinned[1][name] for name in shared)
