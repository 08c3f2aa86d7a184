"""Games that a policy learns from by playing: rules, replay, the loop, and its score."""
