"""CAP 1.2, the format in which warning systems exchange alerts: read, checked, built, published.

The standard: http://docs.oasis-open.org/emergency/cap/v1.2/CAP-v1.2-os.html
"""
