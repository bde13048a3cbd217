"""Does: adapters that keep the cloud's words in a database, for ports declared by the code that needs them."""
