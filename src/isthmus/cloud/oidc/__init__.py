"""Door: OpenID Connect and OAuth 2.0 in the shapes that Microsoft's client libraries expect."""
