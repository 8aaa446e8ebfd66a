"""What a worker process of the DirectRunner runs: Beam's worker, which says only what is wrong."""

import logging
import sys

from apache_beam.runners.worker import sdk_worker_main


def main() -> None:
    """Work until the driver closes the connection; Beam takes its address from the environment."""
    logging.disable(logging.INFO)
    # of a folder that only containers have
    logging.getLogger(sdk_worker_main.__name__).addFilter(lambda record: "semi_persistent" not in str(record.msg))
    sdk_worker_main.main(sys.argv)


if __name__ == "__main__":
    main()
