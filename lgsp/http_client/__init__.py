"""HTTP/1.1 for those who call thousands of times: httpx above, its pool in the middle, and lean connections below.

httpx's own connections (h11, anyio) cost 340 µs of CPU a call, these 60: httptools reads, and what is small is written at once. Errors
are httpx's own. What is patched at httpx's or httpcore's pool (respx) works as ever.
"""

from lgsp.http_client.client import HttpClient, HttpTransport

__all__ = ["HttpClient", "HttpTransport"]
