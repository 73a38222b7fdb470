"""What `import digitgan` costs beside `import numpy`: fails above the bars."""

from __future__ import annotations

import statistics
import subprocess
import sys

MOST_MILLISECONDS = 30
MOST_MIB = 15
TRIALS = 15

CODE = """
import sys, time
import numpy

def resident():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))
    except OSError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

before, started = resident(), time.perf_counter()
import digitgan
print(1000 * (time.perf_counter() - started), resident() - before)
"""


def main() -> int:
    runs = [subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True) for _ in range(TRIALS)]
    times, sizes = zip(*(map(float, run.stdout.split()) for run in runs))
    # The first run reads the file from the disk.
    time, size = statistics.median(times[1:]), statistics.median(sizes)
    print(f"import digitgan, over numpy: {time:.1f} ms (at most {MOST_MILLISECONDS}), {size:.1f} MiB (at most {MOST_MIB})")
    return int(time > MOST_MILLISECONDS or size > MOST_MIB)


if __name__ == "__main__":
    sys.exit(main())
