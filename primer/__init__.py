"""A small library to learn PyTorch with."""
