"""A stage for sample captures: a plant, an internet and the programs that run there, all in network namespaces."""
