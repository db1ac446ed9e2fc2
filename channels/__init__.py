"""The doors: one file per channel, speaking the formats of the world and none of ours."""
