"""Measurements: ratios and counts printed in one run, never asserted."""
