"""What backends of several families share."""
