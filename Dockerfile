# Tieout on the official Airflow image, with exactly the packages of our locks, in an environment of their own in
# front of those that come with the image. The slim image is the smallest.
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12

FROM ${AIRFLOW_IMAGE} AS build
USER 0
RUN install --directory --owner=airflow --group=0 /opt/tieout /build
USER 50000
WORKDIR /build
# uv and hatchling, with their hashes checked
COPY requirements-bootstrap.lock .
ENV PIP_USER=0 UV_NO_CACHE=1
RUN python -m venv --without-pip tools && \
    python -m pip --python tools/bin/python install --no-cache-dir --require-hashes -r requirements-bootstrap.lock
# the packages change less often than the code: a layer of their own
COPY requirements.lock requirements-simulator.lock requirements-compose.lock ./
COPY docker/install docker/
RUN TOOLS=tools/bin docker/install packages /opt/tieout/venv
COPY pyproject.toml build_metadata.py README.md LICENSE ./
COPY requirements.txt requirements-simulator.txt requirements-demo.txt ./
COPY include include
COPY plugins plugins
# stored with every reconciliation; without git only the caller knows it
ARG TIEOUT_VERSION=
RUN TOOLS=tools/bin SETUPTOOLS_SCM_PRETEND_VERSION=${TIEOUT_VERSION} docker/install project /opt/tieout/venv

FROM ${AIRFLOW_IMAGE}
USER 0
RUN install --directory --owner=airflow --group=0 /opt/tieout /opt/tieout/documents
# owned by root: no process of Airflow can change the code it runs
COPY --from=build --chown=root:root /opt/tieout/venv /opt/tieout/venv
COPY --chown=root:root docker/airflow-init.sh docker/simulator-connections.sh /opt/tieout/
COPY --chown=root:root dags /opt/airflow/dags
# an empty file: Airflow would write one, and the containers' file system is read-only
RUN touch /opt/airflow/airflow.cfg && chmod 644 /opt/airflow/airflow.cfg
ENV VIRTUAL_ENV=/opt/tieout/venv \
    PATH=/opt/tieout/venv/bin:${PATH}
USER 50000
