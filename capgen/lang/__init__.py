"""Languages: predicates and subjects as text. Know no target."""
