"""Photographs that come within public packages, by name, and where they lie on this machine.

    pip install scikit-image scikit-learn matplotlib gradio imgaug ultralytics   # whichever are there are used
    apt-get install mate-backgrounds lomiri-wallpapers-16.04 lomiri-wallpapers-20.04

Debian's packages bring the large ones. Drawings, patterns and renderings of the same packages are not in the list.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

PACKAGED = {
    "skimage": (
        *("data/astronaut.png", "data/chelsea.png", "data/coffee.png", "data/motorcycle_left.png"),
        *("data/motorcycle_right.png", "data/rocket.jpg"),
    ),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    "matplotlib": ("mpl-data/sample_data/grace_hopper.jpg",),
    "gradio": ("media_assets/images/tower.jpg",),
    "imgaug": ("quokka.jpg",),
    "ultralytics": ("assets/bus.jpg",),
}
BACKGROUNDS = Path("/usr/share/backgrounds")
LARGE = {
    *("Bridge_by_Sander_Klootwijk", "Dragonfly_by_Bolly", "Kleiber_by_Lukas_Baubkus", "Picture_0B_by_freespace"),
    *("Picture_1A_by_freespace", "Wine_by_Jakkub_Mede", "aitzgorri_by_Aitzol_Berasategi"),
    *("friends_by_Aitzol_Berasategi", "greentock_by_Peter_Nerlich", "life_by_Aitzol_Berasategi"),
    *("picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi"),
    *("Blinds", "Dune", "Garden", "GreenMeadow", "LadyBird", "RainDrops", "TwoWings", "YellowFlower"),
}


def found(folders: Sequence[Path]) -> list[Path]:
    """Every photograph of the list that lies here, once, in the order of the names.

    Args:
        folders: folders with Debian's photographs at any depth, besides ``/usr/share/backgrounds``.
    """
    large = [path for folder in (BACKGROUNDS, *folders) for path in folder.rglob("*.jpg") if path.stem in LARGE]
    paths = {path.name: path for path in [*_packaged(), *large]}
    return [paths[name] for name in sorted(paths)]


def fingerprint(paths: Sequence[Path]) -> str:
    """Of names and contents: two corpora of one fingerprint and one Pillow are equal."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _packaged() -> list[Path]:
    lying = []
    for package, names in PACKAGED.items():
        spec = find_spec(package)
        if spec is not None and spec.origin is not None:
            lying += [Path(spec.origin).parent / name for name in names]
    return [path for path in lying if path.is_file()]
