"""Pictures and clips without whom they show: headers cleaned, pixels outside the ultrasound black.

One file a kind of input; each refuses, by name, a picture in which no ultrasound can be told from its surroundings.
"""
