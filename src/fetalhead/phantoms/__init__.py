"""Labelled ultrasound-like images that the project makes itself: heads, and abdomen and femur planes."""

from fetalhead.phantoms.phantom import Phantom, PlanePhantom, head_phantom, plane_phantom

__all__ = ["Phantom", "PlanePhantom", "head_phantom", "plane_phantom"]
