"""By how much a loss is multiplied so that gradients do not vanish in float16."""

LOSS_SCALE = 2.0**10
"""The same for all tools, and not raised meanwhile: a tool that doubles its scale until a gradient
overflows then leaves an update out, and would train less than was asked for. Gradients of a mean
cross-entropy may reach 64 with it (65,504 is float16's largest), and are exact down to 6e-8 (2**-14
over it)."""
