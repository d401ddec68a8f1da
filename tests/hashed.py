"""A hash over all batches of a folder, by two chains: one that the kernel plans, and one that Python plans.

Run with a folder, it prints what runs here, the kernel or the twin, and the two hashes.
"""

import hashlib
import sys

import feedline
from feedline.native import IMPLEMENTATION
from feedline.transforms import Compose, RandomHorizontalFlip, RandomResizedCrop, RandomRotation, ToTensor


def hashes(folder):
    return [_hash(folder, first) for first in ([], [RandomRotation(20)])]


def _hash(folder, first):
    steps = Compose([*first, RandomResizedCrop(24), RandomHorizontalFlip(), ToTensor()])
    dataset = feedline.open(folder, transform=steps)
    digest = hashlib.sha256()
    for seed in range(2):
        for images, labels in feedline.DataLoader(dataset, batch_size=7, shuffle=True, seed=seed):
            digest.update(images.numpy().tobytes() + labels.numpy().tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    print(IMPLEMENTATION, *hashes(sys.argv[1]))
