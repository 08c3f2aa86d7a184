"""What the host's NVIDIA driver says."""
