# Workers of Flink, Spark and Dataflow: Beam's boot program, which starts Python workers, and this project.
#
#   python -m pip wheel --no-deps --wheel-dir dist .
#   docker build -f deploy/sdk-worker.Dockerfile -t registry.example/medbert-sdk:0.1.0 .
#   docker push registry.example/medbert-sdk:0.1.0
#
# The build needs the container registry and the package index, a running worker needs neither: all that
# it uses is in the image. Version of Beam: the one in constraints.txt, also on the submitting machine.
ARG BEAM=2.77.0
FROM apache/beam_python3.11_sdk:${BEAM} AS beam

FROM python:3.11-slim
COPY --from=beam /opt/apache/beam /opt/apache/beam
WORKDIR /opt/medbert
COPY constraints.txt dist/medbert_de-*.whl ./
# for Dataflow: --build-arg EXTRA='apache-beam[gcp]'
ARG EXTRA=
RUN python -m pip install --no-cache-dir -c constraints.txt "$(echo ./medbert_de-*.whl)[report]" ${EXTRA}
# fails here rather than on a cluster where a lexicon, a model or a library is missing
RUN python -m pipelines.build_corpus --documents 10 --output /tmp/trial --progress quiet && rm -rf /tmp/trial build
# a worker that may not write byte code or reach an index must not try
ENV PYTHONDONTWRITEBYTECODE=1 PIP_NO_INDEX=1
ENTRYPOINT ["/opt/apache/beam/boot"]
