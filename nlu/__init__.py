"""The ears: a text goes in, a Parse comes out."""
