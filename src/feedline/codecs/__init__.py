"""Encoded bytes to pixels: one file a codec, chosen by content and never by suffix."""

from feedline.codecs.decode import MAX_PIXELS, decode, probe
from feedline.codecs.sniff import sniff

__all__ = ["MAX_PIXELS", "decode", "probe", "sniff"]
