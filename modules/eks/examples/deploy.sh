#!/bin/sh
# Brings the application of the release into the cluster of an environment:
#   envctl exec dev -- sh modules/eks/examples/deploy.sh
set -eu
here=$(dirname "$0")

KUBECONFIG=$(mktemp)
export KUBECONFIG
trap 'rm -f "$KUBECONFIG"' EXIT
aws eks update-kubeconfig --name "$ENVCTL_OUTPUT_CLUSTER_CLUSTER_NAME"

kubectl kustomize "$here" |
  sed "s|^\( *\)image: .*|\1image: $ENVCTL_OUTPUT_CLUSTER_IMAGE|" |
  kubectl apply -f -
kubectl --namespace shop rollout status deployment/web --timeout=5m
