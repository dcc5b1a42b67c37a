"""A capture read a second time, by another program, so that anyone can check what is told of it.

Per program a module (`wireshark.py`) that turns the program's output into a `Reading`; `reading.py` holds what two
readings are compared in, `ours.py` makes one of facts, `child.py` runs programs.
"""
