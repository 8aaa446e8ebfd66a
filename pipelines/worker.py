"""What a worker process of the DirectRunner runs: Beam's worker, which says only what is wrong."""

import logging
import os
import sys
import threading
import time

from apache_beam.runners.worker import sdk_worker_main

PAUSE_SECONDS = 1.0


def end_with(driver: int) -> None:
    """End this process as soon as its parent is another one than `driver`.

    A driver that is killed closes no connection properly: Beam's worker would wait for it without end.
    """
    while os.getppid() == driver:
        time.sleep(PAUSE_SECONDS)
    os._exit(1)


def main() -> None:
    """Work until the driver closes the connection or ends; the first argument is the driver's process id.

    Beam takes the driver's address from the environment.
    """
    threading.Thread(target=end_with, args=(int(sys.argv[1]),), daemon=True).start()
    logging.disable(logging.INFO)
    # of a folder that only containers have
    logging.getLogger(sdk_worker_main.__name__).addFilter(lambda record: "semi_persistent" not in str(record.msg))
    sdk_worker_main.main(sys.argv[:1])


if __name__ == "__main__":
    main()
