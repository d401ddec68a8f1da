"""Encoded bytes to pixels: one file a codec, chosen by content and never by suffix."""

from feedline.codecs.decode import decode, probe
from feedline.codecs.limits import MAX_BYTES, MAX_PIXELS
from feedline.codecs.sniff import sniff

__all__ = ["MAX_BYTES", "MAX_PIXELS", "decode", "probe", "sniff"]
