"""Requests with mistakes, as kube-apiserver 1.36 answers them."""
