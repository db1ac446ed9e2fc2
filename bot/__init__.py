"""The voice: decides what to say to a citizen, and never sends."""
