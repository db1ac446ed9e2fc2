"""The siren: emergency messages, written by one person and approved by another."""
