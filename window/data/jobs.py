"""Long work in the background: generators run in threads, whose events the window collects."""

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


class Jobs:
    """The work under way, by name."""

    def __init__(self):
        self._under_way = {}  # name: (Job, what takes its events, what is called at its end)

    def __contains__(self, name):
        return name in self._under_way

    def __len__(self):
        return len(self._under_way)

    def start(self, name, generator, each, end=lambda error: None):
        """Run a generator: `each(event)` for what it yields, `end(error or None)` after it.

        Under a name that is taken it takes the place: the work of before is cancelled, and its events are dropped.
        """
        if name in self:
            self.cancel(name)
        self._under_way[name] = Job(generator), each, end

    def cancel(self, name):
        self._under_way[name][0].cancel()

    def collect(self):
        """Hand over what was yielded since the last time. Returns whether there was anything."""
        any_event = False
        for name, (job, each, end) in list(self._under_way.items()):
            done = job.done  # asked first, so that no event comes after it
            for event in job.poll():
                each(event)
                any_event = True
            if done:
                if self._under_way.get(name, (None,))[0] is job:
                    del self._under_way[name]
                end(job.error)
                any_event = True
        return any_event
