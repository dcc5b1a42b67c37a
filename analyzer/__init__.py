"""Checks packet captures against the network requirements that vendors of plant-floor systems publish."""
