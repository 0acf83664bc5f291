"""Long work in the background: a generator run in a thread, whose events the window collects."""

import queue
import threading


class Job:
    """Runs a generator. `poll` hands over what it yielded, and `done` and `error` say how it ended."""

    def __init__(self, generator):
        self._events = queue.SimpleQueue()
        self._cancelled = threading.Event()
        self.done = False
        self.error = None  # the exception that ended it
        # a daemon, so that closing the window never waits for it
        threading.Thread(target=self._run, args=(generator,), daemon=True).start()

    def _run(self, generator):
        try:
            for event in generator:
                self._events.put(event)
                if self._cancelled.is_set():
                    generator.close()
                    break
        except Exception as error:
            self.error = error
        self.done = True

    def poll(self):
        """Everything yielded since the last poll."""
        events = []
        while not self._events.empty():
            events.append(self._events.get())
        return events

    def cancel(self):
        """Ask it to stop at its next event."""
        self._cancelled.set()
