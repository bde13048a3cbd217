"""Program: the identity provider. ARCHITECTURE.md has its map; `wiring.py` puts it together."""
