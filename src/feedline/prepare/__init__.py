"""The steps from a raw archive to a data set: each is a function that can be used alone."""
