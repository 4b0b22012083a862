"""What kube-apiserver warns of, although it takes it."""
