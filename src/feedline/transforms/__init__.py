"""What shall happen to an image, as data: equal parameters and equal keys give equal pixels.

Names, parameters and meaning are torchvision's, as far as the parameters go that there are. A random transform draws
from the sample's key (seed, epoch, index) and from its place in the Compose; called without a key it draws as for the
key (0, 0, 0).
"""

from feedline.transforms.base import Transform
from feedline.transforms.compose import Compose
from feedline.transforms.convert import Normalize, ToFloat, ToTensor
from feedline.transforms.crop import CenterCrop, RandomCrop, RandomResizedCrop
from feedline.transforms.geometry import (
    RandomAffine,
    RandomHorizontalFlip,
    RandomRotation,
    Resize,
)
from feedline.transforms.recipe import from_recipe, to_recipe

__all__ = [
    "CenterCrop",
    "Compose",
    "Normalize",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomResizedCrop",
    "RandomRotation",
    "Resize",
    "ToFloat",
    "ToTensor",
    "Transform",
    "from_recipe",
    "to_recipe",
]
