"""The providers on this machine, from Twilio to KakaoTalk, speaking their own formats on loopback.

For trying out, tests and benchmarks. It signs what it calls us with the provider's secrets, so it
must never run where real citizens write.
"""

from channels.simulator.app import Simulator, create_simulator

__all__ = ["Simulator", "create_simulator"]
