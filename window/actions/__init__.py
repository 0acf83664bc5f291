"""Everything that a user can do, one function each. Each takes the App first.

keys.py binds them to keys, and the panels bind them to their controls.
"""
