# One image for every part: one environment, one lock file (docs/decisions/0002).
FROM python:3.11-slim-bookworm AS build

WORKDIR /opt/shouwang
COPY requirements.lock pyproject.toml package.json package-lock.json README.md ./
# As in the Makefile: uv first, by its own hash, then everything the lock file names.
RUN python -m venv .venv \
 && sed -n '/^uv==/,/[^\\]$/p' requirements.lock > .venv/uv.lock \
 && .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.lock \
 && .venv/bin/uv pip sync --quiet --no-cache --python .venv/bin/python --require-hashes requirements.lock \
 && PATH="$PATH:/opt/shouwang/.venv/bin" npm ci --omit=dev --silent --no-audit --no-fund --ignore-scripts
COPY case_service case_service
COPY dags dags
COPY demo_city demo_city
COPY jobs jobs
COPY schemas schemas
COPY warehouse warehouse
COPY warning_models warning_models
RUN .venv/bin/uv pip install --quiet --no-cache --python .venv/bin/python --no-deps --no-build-isolation --editable .

FROM python:3.11-slim-bookworm

LABEL org.opencontainers.image.title="Shouwang" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 1000 --create-home shouwang \
 && install -d -o shouwang -g shouwang /var/lib/shouwang
COPY --from=build /opt/shouwang /opt/shouwang
WORKDIR /opt/shouwang
ENV PATH="/opt/shouwang/.venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SHOUWANG_MODE=production \
    SHOUWANG_HOME=/var/lib/shouwang \
    SHOUWANG_KEYS_DIR=/run/secrets
USER shouwang
VOLUME /var/lib/shouwang
CMD ["shouwang", "--help"]
