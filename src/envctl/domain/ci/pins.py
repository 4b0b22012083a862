"""Foreign actions in generated workflows: one place, in a form that Renovate and Dependabot raise."""

CHECKOUT_ACTION = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
"""The only foreign action in jobs that deploy. Released on 2026-07-17."""
