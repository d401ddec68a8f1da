"""What shall happen to an image, as data: equal parameters and equal keys give equal pixels.

Names, parameters and meaning are torchvision's. A Compose folds its steps into a plan: what is geometric is done in one
resampling, and what is pixel-wise in one table. A random transform draws from the sample's key (seed, epoch, index) and
from its place in the Compose; called without a key it draws as for the key (0, 0, 0).
"""

from feedline.transforms.base import Choice, Transform
from feedline.transforms.batches import BatchChoice, BatchCompose
from feedline.transforms.blur import GaussianBlur
from feedline.transforms.box_crop import CropToBox
from feedline.transforms.choose import OneOf, RandomApply, RandomChoice, RandomOrder
from feedline.transforms.colour import (
    ColorJitter,
    Gamma,
    Grayscale,
    RandomGrayscale,
    RandomInvert,
    RandomPosterize,
    RandomSolarize,
)
from feedline.transforms.compose import Compose
from feedline.transforms.convert import Normalize, ToDtype, ToFloat, ToTensor
from feedline.transforms.crop import CenterCrop, Pad, RandomCrop, RandomResizedCrop
from feedline.transforms.draw import draw
from feedline.transforms.draw_plan import draw_plan
from feedline.transforms.erase import CoarseDropout, RandomErasing
from feedline.transforms.five_crop import FiveCrop, TenCrop
from feedline.transforms.flip import RandomHorizontalFlip, RandomVerticalFlip
from feedline.transforms.geometry import RandomAffine, RandomRotation
from feedline.transforms.histogram import CLAHE, RandomAutocontrast, RandomEqualize
from feedline.transforms.jpeg import JPEGCompression
from feedline.transforms.mix import CutMix, MixUp
from feedline.transforms.noise import GaussianNoise, SaltAndPepper
from feedline.transforms.objects import BoxRule, follow, follow_points
from feedline.transforms.perspective import RandomPerspective
from feedline.transforms.plan import Plan
from feedline.transforms.policies import AutoAugment, RandAugment, TrivialAugmentWide
from feedline.transforms.recipe import from_recipe, to_recipe
from feedline.transforms.recipe_file import load_recipe, save_recipe
from feedline.transforms.resize import Resize
from feedline.transforms.sharpness import RandomAdjustSharpness
from feedline.types import BatchTransform

__all__ = [
    "CLAHE",
    "AutoAugment",
    "BatchChoice",
    "BatchCompose",
    "BatchTransform",
    "BoxRule",
    "CenterCrop",
    "Choice",
    "CoarseDropout",
    "ColorJitter",
    "Compose",
    "CropToBox",
    "CutMix",
    "FiveCrop",
    "Gamma",
    "GaussianBlur",
    "GaussianNoise",
    "Grayscale",
    "JPEGCompression",
    "MixUp",
    "Normalize",
    "OneOf",
    "Pad",
    "Plan",
    "RandAugment",
    "RandomAdjustSharpness",
    "RandomAffine",
    "RandomApply",
    "RandomAutocontrast",
    "RandomChoice",
    "RandomCrop",
    "RandomEqualize",
    "RandomErasing",
    "RandomGrayscale",
    "RandomHorizontalFlip",
    "RandomInvert",
    "RandomOrder",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSolarize",
    "RandomVerticalFlip",
    "Resize",
    "SaltAndPepper",
    "TenCrop",
    "ToDtype",
    "ToFloat",
    "ToTensor",
    "Transform",
    "TrivialAugmentWide",
    "draw",
    "draw_plan",
    "follow",
    "follow_points",
    "from_recipe",
    "load_recipe",
    "save_recipe",
    "to_recipe",
]
