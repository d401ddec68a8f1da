"""Who does the work: implementations of one contract, see ``contract``."""

from feedline.loader.workers.child import Begin, Job
from feedline.loader.workers.contract import Chunk, Done, Late, Run, Workers
from feedline.loader.workers.processes import ProcessWorkers
from feedline.loader.workers.serial import SerialWorkers
from feedline.loader.workers.threads import ThreadWorkers

__all__ = [
    "Begin",
    "Chunk",
    "Done",
    "Job",
    "Late",
    "ProcessWorkers",
    "Run",
    "SerialWorkers",
    "ThreadWorkers",
    "Workers",
]
