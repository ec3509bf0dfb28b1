FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/lgsp && /opt/lgsp/bin/pip install --no-cache-dir --requirement requirements.lock
COPY lgsp lgsp
COPY adapters adapters
COPY mocks mocks
RUN /opt/lgsp/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
RUN apt-get update && apt-get install --yes --no-install-recommends libjemalloc2 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 lgsp && install -d -o lgsp /data
COPY --from=build /opt/lgsp /opt/lgsp
ENV PATH=/opt/lgsp/bin:$PATH PYTHONUNBUFFERED=1
USER lgsp
VOLUME /data
ENTRYPOINT ["lgsp"]
CMD ["up"]
