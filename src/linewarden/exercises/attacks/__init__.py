"""What attackers of the scenarios do, over the same stacks as the devices; each asks first whether it may speak at all.

`Context.require_attack_allowed` proves by the kernel's namespaces that we are inside the exercise. Nothing here is of
use against a real plant: there is no exploit, no password guessing beyond a short list, and no address but the
exercise's own.
"""
