"""A training loop of one's own, fed by feedline: python examples/own_loop.py [EPOCHS]."""

import sys

import torch

import feedline
from feedline import nn
from feedline import transforms as T

augmented = T.Compose([T.RandomAffine(10, translate=(0.1, 0.1)), T.ToTensor(), T.Normalize(0.5, 0.5)])
plain = T.Compose([T.ToTensor(), T.Normalize(0.5, 0.5)])

train, val = feedline.split(feedline.open("glyphs"), val=0.2, seed=0)
loader = feedline.DataLoader(train.with_transform(augmented), batch_size=64, shuffle=True, num_workers=2, seed=0)
val_loader = feedline.DataLoader(val.with_transform(plain), batch_size=256, num_workers=2)

torch.manual_seed(0)
model = nn.mlp((1, 28, 28), classes=10)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

for epoch in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
    for images, labels in loader:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    with torch.inference_mode():
        right = sum(int((model(images).argmax(1) == labels).sum()) for images, labels in val_loader)
    print(f"epoch {epoch + 1}: {100 * right / len(val):.2f} % of {len(val)} letters of unseen families right")
