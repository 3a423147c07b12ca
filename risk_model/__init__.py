"""Ranks children on health waiting lists so that those with multiple needs get the earliest support possible."""
