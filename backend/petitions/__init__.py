"""Petitions: what a citizen asks the city to put right, from the receipt to the answer."""
