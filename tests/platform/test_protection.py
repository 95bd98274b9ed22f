"""How a mail was protected: what holds is said to hold, what was changed is broken, what is unknown stays unknown."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from pysequoia import SignatureMode, Tsk, encrypt, sign

from tests.shared import missing
from tocsin.pipeline.mail.letter import Letter
from tocsin.pipeline.mail.wrapping import wrapping
from tocsin.platform import openpgp, protection, smime
from tocsin.platform.protection import Known, Protection

SENDER = "liaison@hoster.example"
HEAD = f"From: Liaison <{SENDER}>\r\nTo: tocsin@tocsin.example\r\nSubject: Logs\r\nMIME-Version: 1.0\r\n"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))


def key(address: str = SENDER) -> Tsk:
    return Tsk.generate(f"<{address}>")


def known(*keys: tuple[str, Tsk]) -> list[Known]:
    return [Known(address, str(each.extract_certificate())) for address, each in keys]


def read(content: bytes, keys: Sequence[Known] = (), *, whole: bool = True) -> tuple[Letter, Protection]:
    return protection.read(content, whole=whole, keys=lambda: keys)


def signed_mail(text: str, seal: bytes, protocol: str, maintype: str, subtype: str) -> bytes:
    """Wrap a text and its signature as RFC 1847 says."""
    mail = MIMEMultipart("signed", protocol=protocol, micalg="pgp-sha512")
    mail.attach(MIMEText(text, policy=SMTP))
    part = MIMENonMultipart(maintype, subtype)
    part.set_payload(seal.decode())
    mail.attach(part)
    mail["From"], mail["Subject"] = SENDER, "Logs"
    return mail.as_bytes(policy=SMTP)


def pgp_mime(text: str, by: Tsk) -> bytes:
    content = MIMEText(text, policy=SMTP).as_bytes(policy=SMTP)
    seal = bytes(sign(by.signer(), content, mode=SignatureMode.DETACHED))
    return signed_mail(text, seal, "application/pgp-signature", "application", "pgp-signature")


def sealed(text: str, by: Tsk | None = None) -> bytes:
    """Encrypt a mail to the house."""
    inside = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
    house = openpgp.house_key().extract_certificate()
    content = encrypt(inside, [house], signer=by.signer() if by is not None else None)
    return f"{HEAD}Content-Type: text/plain\r\n\r\n".encode() + bytes(content)


def test_a_mail_without_any_of_it_says_so() -> None:
    letter, found = read(f"{HEAD}\r\nHere are the logs.".encode())
    assert letter.text == "Here are the logs."
    assert (found, found.kept()) == (Protection(), {})


def test_a_signature_of_the_senders_key_is_good() -> None:
    theirs = key()
    letter, found = read(pgp_mime("Here are the logs.", theirs), known((SENDER, theirs)))
    assert letter.text.strip() == "Here are the logs."
    assert (found.signed, found.verdict, found.signer) == ("openpgp", "good", SENDER)
    assert found.fingerprint == theirs.extract_certificate().fingerprint.upper()


def test_line_ends_changed_on_the_way_do_no_harm() -> None:
    theirs = key()
    _letter, found = read(pgp_mime("One.\nTwo.", theirs).replace(b"\r\n", b"\n"), known((SENDER, theirs)))
    assert found.verdict == "good"


def test_a_changed_text_breaks_the_signature() -> None:
    theirs = key()
    content = pgp_mime("Block 192.0.2.7.", theirs).replace(b"192.0.2.7", b"192.0.2.8")
    letter, found = read(content, known((SENDER, theirs)))
    assert (found.verdict, found.signer, found.fingerprint) == ("broken", "", "")
    assert "192.0.2.8" in letter.text


def test_somebody_elses_key_is_not_the_senders() -> None:
    other = key("other@a.example")
    _letter, found = read(pgp_mime("Hello.", other), known((SENDER, key()), ("other@a.example", other)))
    assert (found.verdict, found.signer) == ("other", "other@a.example")


def test_a_key_that_is_not_known_is_unknown_and_not_broken() -> None:
    _letter, found = read(pgp_mime("Hello.", key()), known((SENDER, key())))
    assert (found.verdict, found.fingerprint) == ("unknown", "")


@pytest.mark.parametrize(("signs", "verdict"), [(True, "good"), (False, "")])
def test_what_is_encrypted_to_the_house_is_opened(signs: bool, verdict: str) -> None:
    theirs = key()
    letter, found = read(sealed("Done.", theirs if signs else None), known((SENDER, theirs)))
    assert letter.text == "Done."
    assert (found.encrypted, found.opened, found.verdict) == ("openpgp", True, verdict)


def test_what_is_encrypted_to_others_stays_closed_and_shows_nothing() -> None:
    content = bytes(encrypt(b"Done.", [key("x@y.example").extract_certificate()]))
    letter, found = read(f"{HEAD}\r\nDone, see below\r\n".encode() + content)
    assert (letter.text, letter.own) == ("", "")
    assert (found.encrypted, found.opened) == ("openpgp", False)
    assert found.problem


def test_a_text_signed_in_the_open_is_read_without_what_stands_around_it() -> None:
    theirs = key()
    clear = bytes(sign(theirs.signer(), b"We have isolated the host.\n", mode=SignatureMode.CLEAR)).decode()
    letter, found = read(f"{HEAD}\r\nNot signed: pay me.\r\n{clear}".encode(), known((SENDER, theirs)))
    assert found.verdict == "good"
    assert "isolated" in letter.text
    assert "pay me" not in letter.text


def test_a_mail_cut_off_is_not_checked() -> None:
    theirs = key()
    _letter, found = read(pgp_mime("Hello.", theirs), known((SENDER, theirs)), whole=False)
    assert found.verdict == "unchecked"


def certificate(
    address: str = SENDER, *, days: int = 30, curve: bool = False
) -> tuple[x509.Certificate, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey]:
    """Make a certificate that vouches for itself."""
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
    )
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Issuing CA of Hoster")])
    now = datetime.now(UTC)
    begins = now - timedelta(days=60)
    made = x509.CertificateBuilder(name, name, private.public_key(), 7, begins, now + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
    return made.sign(private, hashes.SHA256()), private


def smime_mail(
    text: str, address: str = SENDER, *, opaque: bool = False, pss: bool = False, curve: bool = False, days: int = 30
) -> bytes:
    made, private = certificate(address, curve=curve, days=days)
    content = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH) if pss else None
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    builder = builder.add_signer(made, private, hashes.SHA256(), rsa_padding=scheme)
    if opaque:
        der = builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["Subject"] = SENDER, "Logs"
        mail.set_content(der, "application", "pkcs7-mime", params={"smime-type": "signed-data", "name": "smime.p7m"})
        return mail.as_bytes()
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return HEAD.encode() + builder.sign(serialization.Encoding.SMIME, options)


@pytest.mark.parametrize("how", ["", "curve", "pss", "opaque"])
def test_an_smime_signature_is_good_when_it_fits_and_names_the_sender(how: str) -> None:
    mail = smime_mail("Here are the logs.", curve=how == "curve", pss=how == "pss", opaque=how == "opaque")
    letter, found = read(mail)
    assert letter.text.strip() == "Here are the logs."
    assert (found.signed, found.verdict, found.signer) == ("smime", "good", SENDER)
    assert "Issuing CA of Hoster" in found.issuer


def test_an_smime_signature_over_another_text_is_broken() -> None:
    _letter, found = read(smime_mail("Block 192.0.2.7.").replace(b"192.0.2.7", b"192.0.2.8"))
    assert (found.verdict, found.signer) == ("broken", "")


def test_an_smime_certificate_for_another_address_is_not_the_senders() -> None:
    _letter, found = read(smime_mail("Hello.", "somebody@else.example"))
    assert (found.verdict, found.signer) == ("other", "somebody@else.example")


def test_an_smime_certificate_that_has_expired_is_said_to_have() -> None:
    _letter, found = read(smime_mail("Hello.", days=-1))
    assert found.verdict == "expired"


@pytest.mark.parametrize("more", [[], ["-stream"], ["-nodetach"], ["-md", "sha1"], ["-keyid"], ["-md", "sha512"]])
def test_what_openssl_signs_is_understood(more: list[str], tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        missing("openssl")
    made, private = certificate()
    (tmp_path / "c.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (tmp_path / "k.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    command = ["openssl", "cms", "-sign", "-signer", "c.pem", "-inkey", "k.pem", "-from", SENDER, *more]
    inside = b"Content-Type: text/plain\n\nHere are the logs.\n"
    content = subprocess.run(command, input=inside, capture_output=True, check=True, cwd=tmp_path).stdout
    _letter, found = read(content)
    assert (found.signed, found.verdict) == ("smime", "unchecked" if "sha1" in more else "good"), found


def test_what_is_encrypted_with_smime_is_said_to_be(tmp_path: Path) -> None:
    made, _private = certificate()
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(b"secret").add_recipient(made)
    letter, found = read(HEAD.encode() + builder.encrypt(serialization.Encoding.SMIME, []))
    assert (found.encrypted, found.opened, letter.text) == ("smime", False, "")


def test_no_signature_is_made_of_rubbish() -> None:
    for junk in (b"", b"\x30\x80", b"\x30" * 5_000, b"\x30\x84\xff\xff\xff\xff", b"\x06\x01\x00", b"\x24\x80" * 40):
        with pytest.raises(smime.Unchecked):
            smime.signed(junk, b"x")


@given(st.binary(max_size=300))
def test_no_bytes_break_it(junk: bytes) -> None:
    wrapping(junk)
    try:
        smime.signed(junk, b"x")
    except (smime.Unchecked, smime.Broken):
        pass
    else:
        raise AssertionError("nobody signed this")


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")  # of numbers none may have
@settings(max_examples=400)
@given(st.integers(0, 3_000), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_house(at: int, value: int) -> None:
    content, der = _SIGNED
    changed = bytearray(der)
    changed[at % len(der)] = value
    with contextlib.suppress(smime.Unchecked, smime.Broken):
        smime.signed(bytes(changed), content)


def _signed() -> tuple[bytes, bytes]:
    made, private = certificate(curve=True)
    content = b"Content-Type: text/plain\r\n\r\nx"
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(made, private, hashes.SHA256())
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return content, builder.sign(serialization.Encoding.DER, options)


_SIGNED = _signed()
