"""Programs as people write them for torch's DataLoader, run as they stand, and with one import line changed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TORCH = "from torch.utils.data import DataLoader"
OURS = "from feedline import DataLoader"

TUTORIAL = f"""
import torch
from torch import nn
from torch.utils.data import Dataset
{TORCH}

class Clothes(Dataset):
    def __init__(self, count, transform=None, target_transform=None):
        self.images = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8)
        self.labels = torch.randint(0, 10, (count,)).tolist()
        self.transform, self.target_transform = transform, target_transform
    def __len__(self):
        return len(self.labels)
    def __getitem__(self, index):
        image, label = self.images[index], self.labels[index]
        if self.transform:
            image = self.transform(image)
        if self.target_transform:
            label = self.target_transform(label)
        return image, label

if __name__ == "__main__":
    torch.manual_seed(0)
    scale = lambda image: image.float() / 255
    train = DataLoader(Clothes(300, scale), batch_size=64, shuffle=True, num_workers=2)
    test = DataLoader(Clothes(100, scale, lambda label: label), batch_size=64, shuffle=True)
    features, labels = next(iter(train))
    print(features.size(), labels.size(), features.dtype, features.mean().item())
    torch.set_num_threads(1)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for batch, (X, y) in enumerate(train):
            loss = nn.functional.cross_entropy(model(X), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            print(epoch, batch, loss.item(), len(train.dataset), len(train))
        with torch.no_grad():
            print(sum((model(X).argmax(1) == y).sum().item() for X, y in test))
"""

REBUILT = f"""
import inspect
import torch
import torch.utils.data
from torch.utils.data import BatchSampler, DistributedSampler, TensorDataset
{TORCH}

def rebuild(loader, **changes):
    '''As trainers do that give a loader another sampler: from its attributes, by the names of its parameters.'''
    assert isinstance(loader, torch.utils.data.DataLoader)
    found = {{name: value for name, value in vars(loader).items() if not name.startswith("_")}}
    found["multiprocessing_context"] = loader.multiprocessing_context
    names = set(inspect.signature(type(loader).__init__).parameters) - {{"self", "shuffle", "batch_sampler"}}
    assert names <= set(found), names - set(found)
    return type(loader)(**{{**{{name: found[name] for name in names}}, **changes}})

if __name__ == "__main__":
    torch.manual_seed(3)
    data = TensorDataset(torch.arange(40), torch.rand(40))
    for options in ({{}}, {{"num_workers": 2}}, {{"num_workers": 2, "persistent_workers": True, "drop_last": True}}):
        loader = DataLoader(data, batch_size=6, shuffle=True, **options)
        sampler = DistributedSampler(data, num_replicas=2, rank=1, shuffle=True, seed=1)
        again = rebuild(loader, sampler=sampler)
        for epoch in range(2):
            sampler.set_epoch(epoch)
            print([(x.tolist(), y.sum().item()) for x, y in again], len(again))
        batches = rebuild(loader, sampler=None, batch_size=1, drop_last=False)
        by_batches = type(loader)(data, batch_sampler=BatchSampler(sampler, 4, False), num_workers=loader.num_workers)
        print(len(batches), [x.tolist() for x, _ in by_batches])
"""

REFERENCE = f"""
import random
import time
import torch
from torch.utils.data import BatchSampler, Dataset, RandomSampler, SequentialSampler
{TORCH}

class Detection(Dataset):
    def __len__(self):
        return 30
    def __getitem__(self, index):
        size = 5 + random.randrange(4)
        return torch.rand(3, size, size + 1), {{"boxes": torch.rand(index % 3, 4), "image_id": index}}

def collate_fn(batch):
    return tuple(zip(*batch))

if __name__ == "__main__":
    torch.manual_seed(0)
    random.seed(0)
    dataset = Detection()
    train_sampler, test_sampler = RandomSampler(dataset), SequentialSampler(dataset)
    train_batch_sampler = BatchSampler(train_sampler, 4, drop_last=True)
    data_loader = DataLoader(dataset, batch_sampler=train_batch_sampler, num_workers=2, collate_fn=collate_fn)
    data_loader_test = DataLoader(dataset, batch_size=1, sampler=test_sampler, num_workers=2, collate_fn=collate_fn)
    for epoch in range(2):
        for images, targets in data_loader:
            print([(tuple(i.shape), i.sum().item(), t["image_id"], t["boxes"].shape) for i, t in zip(images, targets)])
    print(sum(image[0].sum().item() for image, _ in data_loader_test), len(data_loader), len(data_loader_test))
"""


@pytest.mark.parametrize("program", [TUTORIAL, REBUILT, REFERENCE], ids=["tutorial", "rebuilt", "reference"])
def test_one_import_line_is_changed(program, tmp_path):
    outputs = []
    for number, text in enumerate((program, program.replace(TORCH, OURS))):
        path = tmp_path / f"program_{number}.py"
        path.write_text(text)
        done = subprocess.run(
            [sys.executable, "-W", "error", path],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=tmp_path,
            env=dict(os.environ),
        )
        assert done.returncode == 0, done.stderr
        outputs.append(done.stdout)
    assert outputs[0] == outputs[1]
    assert len(Path(tmp_path / "program_1.py").read_text().splitlines()) == len(program.splitlines())
    assert len(outputs[1].splitlines()) >= 5
