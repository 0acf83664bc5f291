"""The window's state in groups, so that a line of code shows what it may touch:

pad (the ink and its pen), reading (the network and its answers), looking (what is shown and pointed at), teaching (the
user's own hand) and dialogs (what lies over the window, and the files).
"""
