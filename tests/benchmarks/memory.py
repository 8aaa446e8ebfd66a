"""Peak memory and processor time of a block, this process and its children together."""

import threading
import time

import psutil


class PeakMemory:
    """Samples the resident memory every tenth of a second; `bytes` and `cpu_seconds` hold at the end."""

    def __enter__(self) -> "PeakMemory":
        self.bytes, self._done = 0, threading.Event()
        self._start = time.process_time()
        self._children: dict[int, float] = {}
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.cpu_seconds = time.process_time() - self._start + sum(self._children.values())

    def _sample(self) -> None:
        process = psutil.Process()
        while not self._done.wait(0.1):
            total = process.memory_info().rss
            for child in process.children(recursive=True):
                try:
                    times = child.cpu_times()
                    total += child.memory_info().rss
                except psutil.Error:
                    continue
                self._children[child.pid] = times.user + times.system
            self.bytes = max(self.bytes, total)
