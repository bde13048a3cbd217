"""Hybrid identity that an organisation can host: Active Directory passwords, cloud sign-in."""
