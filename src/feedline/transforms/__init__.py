"""What shall happen to an image, as data: equal parameters and equal keys give equal pixels.

Names, parameters and meaning are torchvision's. A Compose folds its steps into a plan: what is geometric is done in one
resampling, and what is pixel-wise in one table. A random transform draws from the sample's key (seed, epoch, index) and
from its place in the Compose; called without a key it draws as for the key (0, 0, 0).
"""

from feedline.transforms.base import Choice, Transform
from feedline.transforms.choose import OneOf, RandomApply, RandomChoice, RandomOrder
from feedline.transforms.compose import Compose
from feedline.transforms.convert import Normalize, ToDtype, ToFloat, ToTensor
from feedline.transforms.crop import CenterCrop, Pad, RandomCrop, RandomResizedCrop
from feedline.transforms.flip import RandomHorizontalFlip, RandomVerticalFlip
from feedline.transforms.geometry import RandomAffine, RandomRotation
from feedline.transforms.plan import Plan
from feedline.transforms.recipe import from_recipe, to_recipe
from feedline.transforms.recipe_file import load_recipe, save_recipe
from feedline.transforms.resize import Resize

__all__ = [
    "CenterCrop",
    "Choice",
    "Compose",
    "Normalize",
    "OneOf",
    "Pad",
    "Plan",
    "RandomAffine",
    "RandomApply",
    "RandomChoice",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomOrder",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomVerticalFlip",
    "Resize",
    "ToDtype",
    "ToFloat",
    "ToTensor",
    "Transform",
    "from_recipe",
    "load_recipe",
    "save_recipe",
    "to_recipe",
]
