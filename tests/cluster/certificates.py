"""The control plane's keys: one CA for servers and clients, made by the openssl command."""

import os
import subprocess


def _openssl(*args):
    done = subprocess.run(["openssl", *args], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"openssl {' '.join(args)}: {done.stderr.strip()}")


def make_key(path):
    """A P-256 key, readable by its owner only."""
    old = os.umask(0o077)
    try:
        _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path)
    finally:
        os.umask(old)


class Authority:
    """A certificate authority in a folder: ca.crt, ca.key."""

    def __init__(self, folder, name="test-ca"):
        self.folder = str(folder)
        self.certificate = os.path.join(self.folder, "ca.crt")
        self.key = os.path.join(self.folder, "ca.key")
        if not os.path.exists(self.certificate):
            make_key(self.key)
            _openssl("req", "-x509", "-new", "-key", self.key, "-days", "30", "-subj", f"/CN={name}",
                     "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-out", self.certificate)

    def issue(self, name, subject, extensions):
        """Makes name.crt and name.key for `subject` (/O=…/CN=…) with openssl extension lines."""
        base = os.path.join(self.folder, name)
        if os.path.exists(f"{base}.crt"):
            return f"{base}.crt", f"{base}.key"
        make_key(f"{base}.key")
        with open(f"{base}.ext", "w", encoding="ascii") as f:
            f.write("basicConstraints=critical,CA:FALSE\n" + "\n".join(extensions) + "\n")
        _openssl("req", "-new", "-key", f"{base}.key", "-subj", subject, "-out", f"{base}.csr")
        # A random serial: two certificates of one CA with one serial are refused by some clients.
        _openssl("x509", "-req", "-in", f"{base}.csr", "-CA", self.certificate, "-CAkey", self.key,
                 "-set_serial", "0x" + os.urandom(15).hex().lstrip("0"), "-days", "30",
                 "-extfile", f"{base}.ext", "-out", f"{base}.crt")
        return f"{base}.crt", f"{base}.key"

    def issue_server(self, name, addresses):
        return self.issue(name, f"/CN={name}",
                          ["extendedKeyUsage=serverAuth", "subjectAltName=" + ",".join(addresses)])

    def issue_client(self, name, subject):
        return self.issue(name, subject, ["extendedKeyUsage=clientAuth"])
