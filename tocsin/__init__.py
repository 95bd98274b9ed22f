"""The operations room of a CERT that serves many organisations."""

__version__ = "0.1.0"
