"""The language of profiles: YAML in, policy objects out."""
