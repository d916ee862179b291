"""A broker that speaks TLS is believed by its certificate alone."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import kombu
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digitsite import broker


def certificate(folder: Path, host: str) -> Path:
    """Write a certificate for a host, signed by itself, with its key after it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{host}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@contextmanager
def listening(pem: Path) -> Iterator[tuple[int, list[str]]]:
    """Shake hands with whoever connects and hang up; yields the port, and how it went."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    went: list[str] = []

    def serve(server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return  # closed
            with connection:
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    went.append("refused")
                else:
                    went.append("believed")

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        try:
            yield server.getsockname()[1], went
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("scheme", ["amqps", "rediss"])
@pytest.mark.parametrize(
    ("host", "is_trusted"), [("localhost", True), ("localhost", False), ("else", True)]
)
def test_a_certificate_has_to_be_trusted_and_for_this_host(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    host: str,
    is_trusted: bool,
) -> None:
    pem = certificate(tmp_path, host)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))  # as somebody with an authority of their own
    with listening(pem) as (port, went):
        found = broker.configuration(
            f"{scheme}://me:secret@localhost:{port}/0", kick_seconds=5, grace_seconds=20
        )
        connection = kombu.Connection(
            found["broker_url"],
            ssl=found["broker_use_ssl"],
            connect_timeout=found["broker_connection_timeout"],
            transport_options=found["broker_transport_options"],
        )
        with connection, pytest.raises((OSError, *connection.connection_errors)):
            connection.transport.establish_connection()
    is_right = is_trusted and host == "localhost"
    assert set(went) == {"believed" if is_right else "refused"}
