"""Strategies compared: a grid of runs, their results side by side, paired differences, figures and the page."""
