"""Answers to what citizens ask 120: articles, the index that finds them, and what is said."""
