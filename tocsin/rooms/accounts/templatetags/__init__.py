"""Tags of the room for the lists of all rooms."""
