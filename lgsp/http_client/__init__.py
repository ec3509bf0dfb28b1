"""HTTP/1.1 for those who call thousands of times: httpx above, a pool and lean connections of our own below.

httpx's own (h11, anyio, a pool that looks at every connection for each call) cost 500 µs of CPU a call, these 70: httptools reads, and
what is small is written at once. Errors are httpx's own. What is patched at httpx's or httpcore's pool (respx) works as ever.
"""

from lgsp.http_client.call import Answer, Call, HttpxAnswer, whole
from lgsp.http_client.client import HttpClient, HttpTransport

__all__ = ["Answer", "Call", "HttpClient", "HttpTransport", "HttpxAnswer", "whole"]
