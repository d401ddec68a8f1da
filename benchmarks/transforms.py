"""A chain of five geometric and four pixel-wise transforms beside torchvision and albumentations.

    pip install scikit-image torchvision albumentations    # the photographs, and the peers that shall take part
    python benchmarks/transforms.py [--rounds 9] [--images FOLDER]

Every peer gets the same photographs of 500x375, decoded or as JPEGs of quality 90, and does the same chain in two
orders: all geometry first, and mixed. Figures are milliseconds a picture on one thread: the median of the rounds, in
which the peers take turns, and its ratio to feedline's.
"""

import argparse
import io
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image

import feedline.transforms as ours
from feedline import __version__
from feedline.dataset import ImageDataset
from feedline.native import counting
from feedline.rng import Key
from feedline.types import UNLABELLED, Record, Spec

SIZE = (500, 375)
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
ORDERS = {
    "geometry first": "resize rotate affine crop flip brightness saturation invert solarize",
    "mixed": "brightness resize invert rotate affine saturation crop flip solarize",
}
Chain = Callable[[bytes, Any, int], Any]
"""From JPEG bytes, or the decoded picture, and a number to draw by, to a normalised float32 CxHxW tensor."""


class Photographs:
    """JPEG bytes in memory, as a source."""

    groups = None
    has_files = False
    spec = Spec(None, None, None)
    classes: list[str] = []

    def __init__(self, files: list[bytes]) -> None:
        self.files = files
        self.targets = np.full(len(files), UNLABELLED)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> Record:
        return Record(self.files[index], UNLABELLED, self.path(index))

    def read_batch(self, indices: list[int]) -> list[Record]:
        return [self[index] for index in indices]

    def path(self, index: int) -> str:
        return f"photograph {index}"


def photographs(folder: str | None) -> list[bytes]:
    """Of a folder, or those that scikit-image brings."""
    if folder is None:
        found = find_spec("skimage")
        if found is None or found.origin is None:
            raise SystemExit("no photographs: pip install scikit-image, or give --images FOLDER")
        names = (
            "astronaut.png",
            "chelsea.png",
            "coffee.png",
            "hubble_deep_field.jpg",
            "rocket.jpg",
            "motorcycle_left.png",
        )
        paths = [Path(found.origin).parent / "data" / name for name in names]
    else:
        paths = sorted(Path(folder).iterdir())
    return [encoded(path) for path in paths if path.is_file()]


def encoded(path: Path) -> bytes:
    """At the size and quality that are measured."""
    stream = io.BytesIO()
    Image.open(path).convert("RGB").resize(SIZE, Image.Resampling.LANCZOS).save(stream, "jpeg", quality=90)
    return stream.getvalue()


def feedline_chain(order: str, files: list[bytes]) -> tuple[ours.Compose, ImageDataset]:
    steps = {
        "resize": ours.Resize(256),
        "rotate": ours.RandomRotation(15),
        "affine": ours.RandomAffine(0, translate=(0.1, 0.1), scale=(0.9, 1.1)),
        "crop": ours.RandomCrop(224),
        "flip": ours.RandomHorizontalFlip(),
        "brightness": ours.ColorJitter(brightness=0.2),
        "saturation": ours.ColorJitter(saturation=0.2),
        "invert": ours.RandomInvert(0.5),
        "solarize": ours.RandomSolarize(128, 0.5),
    }
    compose = ours.Compose([*(steps[name] for name in order.split()), ours.ToTensor(), ours.Normalize(MEAN, STD)])
    return compose, ImageDataset(Photographs(files), compose)


def torchvision_chain(order: str, tensors: bool) -> Any:
    from torchvision.transforms import InterpolationMode, v2

    bilinear = InterpolationMode.BILINEAR
    steps = {
        "resize": v2.Resize(256),
        "rotate": v2.RandomRotation(15, bilinear),
        "affine": v2.RandomAffine(0, (0.1, 0.1), (0.9, 1.1), interpolation=bilinear),
        "crop": v2.RandomCrop(224),
        "flip": v2.RandomHorizontalFlip(),
        "brightness": v2.ColorJitter(brightness=0.2),
        "saturation": v2.ColorJitter(saturation=0.2),
        "invert": v2.RandomInvert(0.5),
        "solarize": v2.RandomSolarize(128, 0.5),
    }
    last = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    chosen = [steps[name] for name in order.split()]
    return v2.Compose([last[0], *chosen, *last[1:]] if tensors else [*chosen, *last])


def albumentations_chain(order: str) -> Any:
    import albumentations as peer

    steps = {
        "resize": peer.SmallestMaxSize(256, area_for_downscale="image"),
        "rotate": peer.Rotate(15, border_mode=cv2.BORDER_CONSTANT, p=1.0),
        "affine": peer.Affine(scale=(0.9, 1.1), translate_percent=(-0.1, 0.1), p=1.0),
        "crop": peer.RandomCrop(224, 224),
        "flip": peer.HorizontalFlip(p=0.5),
        "brightness": peer.ColorJitter((0.8, 1.2), (1, 1), (1, 1), (0, 0), p=1.0),
        "saturation": peer.ColorJitter((1, 1), (1, 1), (0.8, 1.2), (0, 0), p=1.0),
        "invert": peer.InvertImg(p=0.5),
        "solarize": peer.Solarize((0.5, 0.5), p=0.5),
    }
    chosen = [steps[name] for name in order.split()]
    return peer.Compose([*chosen, peer.Normalize(MEAN, STD), peer.ToTensorV2()])


def peers(order: str, files: list[bytes], decode: bool) -> Iterator[tuple[str, Callable[[int, int], Any]]]:
    """(name, what it does with photograph ``index`` in round ``turn``) of all that are installed."""
    arrays = [cv2.cvtColor(cv2.imdecode(np.frombuffer(file, np.uint8), 1), cv2.COLOR_BGR2RGB) for file in files]
    compose, dataset = feedline_chain(order, files)
    if decode:
        yield "feedline", lambda index, turn: dataset.get(index, Key(0, turn))
    else:
        yield "feedline", lambda index, turn: compose(arrays[index], Key(0, turn, index))
    if find_spec("torchvision") is not None:
        images = [Image.fromarray(array) for array in arrays]
        pillow, tensors = torchvision_chain(order, False), torchvision_chain(order, True)
        yield (
            "torchvision v2 on Pillow",
            lambda index, _: pillow(Image.open(io.BytesIO(files[index])).convert("RGB") if decode else images[index]),
        )
        yield "torchvision v2 on tensors", lambda index, _: tensors(pixels(files[index]) if decode else arrays[index])
    if find_spec("albumentations") is not None:
        os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
        chain = albumentations_chain(order)
        yield "albumentations", lambda index, _: chain(image=pixels(files[index]) if decode else arrays[index])


def pixels(file: bytes) -> Any:
    """By OpenCV, as its users do."""
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(file, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def measured(order: str, files: list[bytes], rounds: int, decode: bool) -> dict[str, float]:
    """Milliseconds a picture of each peer, the median of the rounds."""
    found = dict(peers(order, files, decode))
    times: dict[str, list[float]] = {name: [] for name in found}
    for turn in range(rounds + 1):
        for name, work in found.items():
            begun = time.perf_counter()
            for index in range(len(files)):
                work(index, turn)
            times[name].append((time.perf_counter() - begun) / len(files) * 1000)
    return {name: statistics.median(each[1:]) for name, each in times.items()}


def counted(order: str, files: list[bytes]) -> str:
    """What the chain costs feedline, a picture."""
    _, dataset = feedline_chain(order, files)
    with counting() as counters:
        for index in range(len(files)):
            dataset.get(index, Key())
    each = {
        name: getattr(counters, name) / len(files)
        for name in ("resamplings", "shrinks", "pixel_passes", "float_passes")
    }
    return ", ".join(f"{number:.1f} {name}" for name, number in each.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    files = photographs(options.images)
    print(f"feedline {__version__}, torch {torch.__version__}, OpenCV {cv2.__version__},")
    machine = platform.processor() or platform.machine()
    print(f"Python {platform.python_version()}, {machine}, {len(files)} photographs, {options.rounds} rounds\n")
    print("| order | from | peer | ms a picture | ratio to feedline |\n| --- | --- | --- | ---: | ---: |")
    for name, order in ORDERS.items():
        for decode in (False, True):
            times = measured(order, files, options.rounds, decode)
            for peer, spent in times.items():
                ratio = spent / times["feedline"]
                print(f"| {name} | {'JPEG' if decode else 'pixels'} | {peer} | {spent:.2f} | {ratio:.2f} |")
    for name, order in ORDERS.items():
        print(f"\n{name}: {counted(order, files)}")


if __name__ == "__main__":
    main()
