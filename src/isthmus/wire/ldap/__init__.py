"""As much of LDAP as replication needs: bind, and searches that are answered by entries. No I/O. [RFC4511]."""
