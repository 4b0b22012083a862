"""Commands, wiring, the error boundary and the renderers: the only layer that prints or exits."""
