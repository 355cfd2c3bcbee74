"""Ugly deliveries: what departments really send, each with what must happen to it.

The modules beside this one list the cases by kind; the bytes are real, in real encodings.
"""
