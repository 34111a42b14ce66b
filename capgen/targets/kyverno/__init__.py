"""Kyverno: policies in CEL that its admission controller judges by.

Kyverno 1.17 and newer take ValidatingPolicies, `policies.kyverno.io/v1`; releases back to 1.11 take
ClusterPolicies, `kyverno.io/v1`, with `validate.cel`.
"""
