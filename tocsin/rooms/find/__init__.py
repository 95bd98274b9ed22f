"""Search: one box on every page."""
