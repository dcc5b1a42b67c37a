"""Numba kernels: arrays in, arrays out. They never allocate, never raise; they return a code and their caller acts."""
