"""Certificates that nobody but the test vouches for."""

import shutil
import ssl
import subprocess


def make(case, name):
    """A self-signed one for the name, as certificate.pem in the case's folder; answers a context that serves it."""
    if not shutil.which("openssl"):
        case.skipTest("no openssl on PATH")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "2",
                    "-keyout", case.path("key.pem"), "-out", case.path("certificate.pem")],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(case.path("certificate.pem"), case.path("key.pem"))
    return context
