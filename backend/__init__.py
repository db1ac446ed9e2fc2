"""The rooms: what the city keeps, decides and promises. Nothing here knows how a bot talks."""
