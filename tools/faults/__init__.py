"""Faults on purpose: `command.py` is the door, `office.py` and `load.py` what is broken and who uses it meanwhile,
`check.py` and `linear.py` what must be true afterwards; the others each break one thing.
"""
