"""What happens beside the loop: one handler a file, each with ``attach(engine)``."""

from feedline.train.handlers.checkpoints import Checkpoints
from feedline.train.handlers.judging import Judging, classified
from feedline.train.handlers.pictures import Pictures
from feedline.train.handlers.progress import Progress
from feedline.train.handlers.reseed import Reseed
from feedline.train.handlers.results import Results

__all__ = ["Checkpoints", "Judging", "Pictures", "Progress", "Reseed", "Results", "classified"]
