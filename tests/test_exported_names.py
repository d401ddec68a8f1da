import subprocess
import sys

import feedline
import feedline.nn
import feedline.samplers
import feedline.transforms


def test_names_of_feedline():
    assert feedline.__all__ == [
        "CheckpointError",
        "DataError",
        "DataLoader",
        "DecodeError",
        "FeedlineError",
        "ImageDataset",
        "PairDataset",
        "RunError",
        "Subset",
        "TransformError",
        "__version__",
        "check",
        "counting",
        "decode",
        "get_worker_info",
        "measure",
        "open",
        "open_pairs",
        "pair_splits",
        "prefetch_to_device",
        "probe",
        "samplers",
        "sources",
        "split",
        "transforms",
    ]


def test_names_of_transforms():
    assert feedline.transforms.__all__ == [
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


def test_names_of_samplers():
    assert feedline.samplers.__all__ == [
        "KeyedSampler",
        "Permutation",
        "SequentialSampler",
        "ShardedSampler",
        "ShuffledSampler",
        "StratifiedSampler",
        "WeightedSampler",
    ]


def test_names_of_nn():
    assert feedline.nn.__all__ == [
        "GENERATORS",
        "MODELS",
        "Filters",
        "Pooled",
        "Summary",
        "UNet",
        "activations",
        "build",
        "cnn",
        "filters",
        "generator",
        "initialise",
        "least_size",
        "linear",
        "mlp",
        "patchgan",
        "pooled",
        "shapes",
        "summary",
        "unet",
        "unet_32",
        "unet_64",
        "unet_128",
        "unet_256",
    ]


def test_every_name_is_there():
    for module in (feedline, feedline.samplers, feedline.transforms, feedline.nn):
        assert all(hasattr(module, name) for name in module.__all__)


def test_importing_feedline_loads_nothing_that_only_training_or_commands_need():
    heavy = "{'matplotlib', 'ignite', 'typer'}"
    code = f"import sys, feedline; found = {heavy} & sys.modules.keys(); print(sorted(found)); sys.exit(bool(found))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
