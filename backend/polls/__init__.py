"""Polls: questions the city asks, one vote a phone, and results that tell of nobody."""
