"""What a run was asked for: its options, and the cases that they select."""
