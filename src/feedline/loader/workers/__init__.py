"""Who does the work: implementations of one contract, see ``contract``."""

from feedline.loader.workers.contract import Chunk, Done, Run, Workers
from feedline.loader.workers.serial import SerialWorkers
from feedline.loader.workers.threads import ThreadWorkers

__all__ = ["Chunk", "Done", "Run", "SerialWorkers", "ThreadWorkers", "Workers"]
