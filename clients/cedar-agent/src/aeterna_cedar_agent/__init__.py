"""Cedar policy decision point that follows an Aeterna portal and answers locally."""

__version__ = "0.1.0"
