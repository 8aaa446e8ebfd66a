"""An S3-compatible server on this machine, for tests: moto's, started in this process."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from moto.server import ThreadedMotoServer
from pyarrow import fs


@contextmanager
def object_store(bucket: str) -> Iterator[str]:
    """Serve an empty bucket and yield the query that makes an s3:// URL reach it."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "{}:{}".format(*server.get_host_and_port())
        store = fs.S3FileSystem(
            endpoint_override=endpoint, scheme="http", region="us-east-1", allow_bucket_creation=True
        )
        store.create_dir(bucket)
        yield f"?endpoint_override={endpoint}&scheme=http&region=us-east-1"
    finally:
        server.stop()
