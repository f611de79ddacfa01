"""What is learned from choices and from how they turned out, and the gate that can say no."""
