"""Tests of the room of notifications."""
