"""The verbs: what is done to documents, on Apache Beam."""

import logging

# Beam warns at import, on the root logger, of a Google client that nobody here uses
logging.getLogger().addFilter(lambda record: not str(record.msg).startswith("apitools not found"))
