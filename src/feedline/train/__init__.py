"""From a model and two loaders to a run folder: the loop, what is written down, what is drawn."""

from feedline.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from feedline.train.device import pick_device
from feedline.train.engine import Training, fit
from feedline.train.evaluate import Judgement, judge
from feedline.train.outcome import Outcome
from feedline.train.runs import Run

__all__ = [
    "Checkpoint",
    "Judgement",
    "Outcome",
    "Run",
    "Training",
    "fit",
    "judge",
    "load_checkpoint",
    "pick_device",
    "save_checkpoint",
]
