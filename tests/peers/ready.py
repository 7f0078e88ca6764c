"""Says where a Python server listens, as soon as it does."""

import time
import urllib.error
import urllib.request


def say_when_ready(url: str) -> None:
    """Any answer at all means that it listens."""
    while True:
        try:
            urllib.request.urlopen(url.replace("ws:", "http:", 1))
        except urllib.error.HTTPError:
            break
        except OSError:
            time.sleep(0.05)
            continue
        break
    print(f"listening {url}", flush=True)
