"""Images that have got their digests."""

from envctl.usecases.account.image_pins import PinnedImage, PinnedImages

DIGEST = f"sha256:{'4f8b3a0e' * 8}"
BEFORE = f"sha256:{'91c2d7e6' * 8}"
PINNED_IMAGES: dict[str, object] = {
    "pinned images": PinnedImages(
        (
            PinnedImage("nginx:1.27", DIGEST, "web", "kubernetes/web/kustomization.yaml"),
            PinnedImage(
                "registry.k8s.io/ingress-nginx/controller:v1.12.0",
                DIGEST,
                "ingress",
                "charts/ingress-nginx-4.12.0.images.yaml",
            ),
        )
    ),
    "no pinned images": PinnedImages(()),
    "images with moved tags": PinnedImages(
        (
            PinnedImage("nginx:1.27", DIGEST, "web", "kubernetes/web/kustomization.yaml", BEFORE),
            PinnedImage("busybox", DIGEST, "web", "kubernetes/web/kustomization.yaml"),
        ),
        refreshed=True,
        unknown=("ghcr.io/example/sidecar:2.1",),
    ),
    "no images with moved tags": PinnedImages((), refreshed=True),
}
