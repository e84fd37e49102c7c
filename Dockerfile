# One image for the API, every worker and the setup; the command decides.
FROM python:3.11-slim-bookworm AS build
WORKDIR /opt/q2c
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv .venv
COPY requirements.lock ./
RUN .venv/bin/pip install --require-hashes --no-deps -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY models models
COPY activities activities
COPY workflows workflows
COPY workers workers
COPY starter starter
RUN .venv/bin/pip install --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --create-home q2c \
    && mkdir -p /var/lib/q2c /var/lib/q2c-documents \
    && chown q2c:q2c /var/lib/q2c /var/lib/q2c-documents
COPY --from=build /opt/q2c/.venv /opt/q2c/.venv
ENV PATH=/opt/q2c/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    Q2C_HOME=/var/lib/q2c
USER q2c
WORKDIR /var/lib/q2c
EXPOSE 8800
ENTRYPOINT ["q2c"]
CMD ["--help"]
