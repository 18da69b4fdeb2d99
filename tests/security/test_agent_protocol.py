from tests.security.attacks import Attacks


class TestAgentProtocol(Attacks):
    kind = "agent_protocol"
