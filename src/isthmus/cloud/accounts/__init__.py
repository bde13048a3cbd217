"""The cloud's words: tenants, accounts, applications, agents, and the rules of what may be provisioned. Pure."""
