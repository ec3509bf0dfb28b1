"""The consumer loop of one system in one partition: receive, check, deliver, settle. The place that acknowledges deliveries."""

from lgsp.endpoint.call import Caller, EndpointSettings, Target
from lgsp.endpoint.endpoint import Endpoint
from lgsp.endpoint.waiting import until_stopped

__all__ = ["Caller", "Endpoint", "EndpointSettings", "Target", "until_stopped"]
