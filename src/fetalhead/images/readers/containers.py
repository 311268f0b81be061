"""What FFmpeg may take a stream for. A playlist, which it would know too, names other files to open."""

from __future__ import annotations

CONTAINERS = "mov,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,asf,ogg,flv,ivf,mjpeg"

AS_A_STREAM = {"format_whitelist": CONTAINERS, "protocol_whitelist": ""}
"""For `av.open` on an open file: nothing but what that holds is read."""
