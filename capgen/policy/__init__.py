"""The semantics: what a rule means. Knows no YAML schema and no target."""
