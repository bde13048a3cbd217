"""Program: a real Active Directory domain, the cloud and an agent on this machine's loopback addresses.

The modules that begin with `samba_` run in Debian's Python with Samba's bindings, and are never imported.
"""
