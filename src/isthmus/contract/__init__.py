"""What agent and cloud say to each other, version 1: JSON over HTTPS, described in docs/contract.md. Pure."""
