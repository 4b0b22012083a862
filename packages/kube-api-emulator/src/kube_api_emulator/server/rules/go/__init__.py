"""Values and mistakes as the Go types of kube-apiserver have them."""
