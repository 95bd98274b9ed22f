"""Ordinary traffic: what an institution leaves in each log when nothing is wrong."""
