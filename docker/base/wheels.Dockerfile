# An image of wheels alone, CUDA among them. image.toml chooses this file with dockerfile = "wheels".
# The build context is the backend's folder, the scripts of this one and the runner package
# (harness/images/context.py puts it together).
#
# What most images share comes first: engines keep a layer once for all images that agree up to it.
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}

ARG DEBIAN_MIRROR=
ARG DEBIAN_ARCHIVE=http://archive.debian.org/debian
COPY apt-install.sh /opt/benchdl/build/
RUN sh /opt/benchdl/build/apt-install.sh python3-venv

# [framework.wheels] and what the runner needs.
COPY requirements.lock /opt/benchdl/build/
RUN python3 -m venv /opt/venv && \
    /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes \
        --requirement /opt/benchdl/build/requirements.lock

# [framework.cpu_wheels] or [framework.gpu_wheels]: cpu.lock or gpu.lock.
COPY framework.lock /opt/benchdl/build/
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes \
        --requirement /opt/benchdl/build/framework.lock

# [framework.api_wheels]: api.lock, where there is one; a pattern may match nothing.
COPY requirements.lock api.loc[k] /opt/benchdl/build/
RUN if [ -e /opt/benchdl/build/api.lock ]; then \
        /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation --require-hashes \
            --requirement /opt/benchdl/build/api.lock; \
    fi

ARG DEBIAN_PACKAGES=
RUN sh /opt/benchdl/build/apt-install.sh ${DEBIAN_PACKAGES}

ENV PATH=/opt/venv/bin:${PATH} \
    PYTHONPATH=/opt/benchdl \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp
ENTRYPOINT ["python", "-m", "runner"]
CMD ["/job"]
# Last, so that a change of the runner rebuilds in seconds.
COPY runner /opt/benchdl/runner
RUN python -m compileall -q --invalidation-mode unchecked-hash /opt/benchdl/runner
USER 1000:1000
