"""Clips: read a frame at a time, the head followed through time, the best frames, an overlay to watch."""
