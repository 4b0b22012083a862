# The image that both stages start from: Python on a small Debian, by its digest, which is what counts; the tag says to
# people what that was. A newer one is looked up with: skopeo inspect docker://docker.io/library/python:3.13-slim-trixie
ARG BASE_IMAGE=docker.io/library/python:3.13-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285

FROM ${BASE_IMAGE} AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements-build.lock requirements-run.lock ./
# All by the hashes in the locks. The secret is for those who take packages from an index of their own, and stays out of
# the image. Wheels alone; python-terraform has none, and is built with what the first lock pins.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    python -m venv tools \
    && tools/bin/pip install --quiet --no-cache-dir --require-hashes --no-deps --only-binary=:all: \
        --requirement requirements-build.lock \
    && tools/bin/pip wheel --quiet --no-cache-dir --require-hashes --no-deps --no-build-isolation \
        --only-binary=:all: --no-binary=python-terraform --wheel-dir wheels --requirement requirements-run.lock
COPY pyproject.toml hatch_build.py README.md LICENSE envctl.toml ./
COPY src src
COPY app app
COPY docs docs
COPY environments environments
COPY modules modules
COPY packages/aws-api-emulator/src packages/aws-api-emulator/src
COPY packages/kube-api-emulator packages/kube-api-emulator
# Byte code that does not ask when its source was written: whoever runs this can't write any.
RUN tools/bin/pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir wheels . ./packages/kube-api-emulator \
    && python -m venv --without-pip /opt/envctl \
    && tools/bin/pip --python /opt/envctl/bin/python install --quiet --no-index --no-deps --no-compile wheels/*.whl \
    && /opt/envctl/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/envctl/lib

FROM ${BASE_IMAGE} AS runtime
# git tells which commit a release is made from, and fetches modules. Its version is not pinned: Debian keeps only the
# newest one of a package, and any other is gone with the next fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --quiet --yes --no-install-recommends ca-certificates git \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    # What installs packages has no business where nothing is installed.
    && rm -rf /usr/local/lib/python3.13/site-packages/* /usr/local/lib/python3.13/ensurepip /usr/local/bin/pip* \
    # The project is mounted, and belongs to somebody else than the user in here.
    && git config --system --add safe.directory '*' \
    && mkdir --mode=1777 /work /home/envctl
COPY --from=builder /opt/envctl /opt/envctl
ARG ENVCTL_VERSION=""
LABEL org.opencontainers.image.title="envctl" \
      org.opencontainers.image.description="Promotion for Terraform, with an embedded Terraform" \
      org.opencontainers.image.licenses="Apache-2.0 AND BUSL-1.1" \
      org.opencontainers.image.version="${ENVCTL_VERSION}"
ENV PATH=/opt/envctl/bin:/usr/local/bin:/usr/bin:/bin HOME=/home/envctl PYTHONDONTWRITEBYTECODE=1
# By number, so that an orchestrator can see that it is not root. What runs belongs to root: it can't change itself.
USER 1000:1000
WORKDIR /work
ENTRYPOINT ["envctl"]
CMD ["--help"]
