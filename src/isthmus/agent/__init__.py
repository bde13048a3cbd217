"""Program: the on-premises agent. Settings, state, daemon, and the wiring of directory, engine and uplink."""
