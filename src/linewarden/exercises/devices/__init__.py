"""The devices of the practice plant, one file a kind; each runs a real protocol stack.

A file has `run(ctx)`, a function or coroutine function that plays the device until it is ended. Foreign stacks are
imported inside the functions, since they come with the optional extra `linewarden[exercises]`.
"""
