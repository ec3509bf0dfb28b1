"""Stand-ins (mocks): one package per system, each speaking its real wire."""
