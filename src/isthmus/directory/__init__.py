"""The words: people, anchors, account states and changes, as every other package speaks of them. Pure."""
