"""The audit trail after it is written: sealed into a chain, anchored daily, kept as long as wanted, proven, read."""
