"""The printed formula under test: its TeX is read into a tree, evaluated on a test's own numbers, and locked.

Nothing is guessed: what has two readings is refused, with what to write instead.
"""
