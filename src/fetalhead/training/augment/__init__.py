"""Augmentation in two halves: where things are (`geometry`) and how they look (`appearance`).

Each half draws its parameters once, into a frozen object, from a generator that is a function of seed and step: an
augmented picture can be replayed, its mask shares its geometry, and two views of one picture can share a geometry
and differ in appearance.
"""
