"""One file a peer: ``stream(job)`` yields (images, labels) without end, epoch after epoch, each in a new order.

A peer also says ``NEEDS``, the modules without which it does not run; ``VARIANTS``, its configurations by name, of
which the first is the best that was found on two cores; and ``CONVERTS``, what it makes of the files beforehand, or
None.
"""
