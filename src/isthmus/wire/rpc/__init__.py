"""Connection-oriented DCE/RPC, sealed: PDUs, their protection, and the client's conversation. No I/O."""
