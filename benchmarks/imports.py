"""What `import swiftprep` costs over a bare interpreter: python benchmarks/imports.py"""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 15


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


pairs = [(seconds("pass"), seconds("import swiftprep")) for _ in range(RUNS)]
bare, imported = (1000 * min(pair[i] for pair in pairs) for i in (0, 1))
print(f"bare interpreter {bare:.0f} ms, import swiftprep {imported:.0f} ms: +{imported - bare:.1f} ms")
