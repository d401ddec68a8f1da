"""Settings of the libraries that feedline is compared with."""

import os

os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"  # it would ask the network for a newer release when it is imported
