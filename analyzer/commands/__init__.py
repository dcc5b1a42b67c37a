"""Commands of the program that stand beside the judging ones; `cli` lists them."""
