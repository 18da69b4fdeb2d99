"""Measurements as ratios: bare process and Runyard side by side in one run."""
