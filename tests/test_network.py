"""The gate of tests/conftest.py: nothing leaves this machine."""

import socket
import urllib.request

import pytest


def test_no_test_can_connect_to_another_machine() -> None:
    with socket.socket() as somewhere, pytest.raises(RuntimeError, match="this machine"):
        somewhere.connect(("192.0.2.1", 80))


def test_no_test_can_look_up_a_name_that_is_not_this_machine() -> None:
    with pytest.raises(RuntimeError, match="this machine"):
        urllib.request.urlopen("http://www.example.org/")


def test_a_test_may_talk_to_a_server_of_its_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()
