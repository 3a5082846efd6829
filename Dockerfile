# One image for every command of Fenghuo: docker run fenghuo worker | ingest | alerts | ...
# The base image is pinned to a patch release; the packages to the hashes of requirements.lock.

FROM python:3.12.12-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /build

# The packages first: this layer is built again only when the lock changes.
RUN ["python", "-m", "venv", "/opt/fenghuo"]
COPY requirements.lock ./
RUN ["/opt/fenghuo/bin/pip", "install", "--require-hashes", "--requirement", "requirements.lock"]

# The wheel is built by tools that are pinned as well, outside of what is shipped.
RUN ["python", "-m", "venv", "/build/tools"]
COPY requirements-build.lock ./
RUN ["/build/tools/bin/pip", "install", "--require-hashes", "--requirement", "requirements-build.lock"]

COPY pyproject.toml README.md LICENSE NOTICE ./
COPY streams ./streams
COPY detectors ./detectors
COPY alerts ./alerts
COPY config ./config
RUN ["/build/tools/bin/pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", "wheels", "."]
RUN ["/opt/fenghuo/bin/pip", "install", "--no-deps", "--no-index", "--find-links", "wheels", "fenghuo"]


FROM python:3.12.12-slim-bookworm

RUN ["useradd", "--uid", "10001", "--create-home", "--home-dir", "/var/lib/fenghuo", "--shell", "/usr/sbin/nologin", "fenghuo"]

COPY --from=build /opt/fenghuo /opt/fenghuo

ENV PATH=/opt/fenghuo/bin:$PATH \
    HOME=/var/lib/fenghuo \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/fenghuo
USER 10001:10001

EXPOSE 9464

# 200 once the state is restored and the stages run; the worker's port is the same inside every container.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]

ENTRYPOINT ["fenghuo"]
CMD ["worker"]
