"""Plain data: ink, what a network says of it and why, drawings that were kept, and work in the background.

Nothing of pygame: all of it can be used, and is tested, without a window.
"""
