"""A test seal: a PAdES signature (PDF 2.0, B-B) by a certificate that we make ourselves.

It proves that the bytes were not changed since, not who sealed them. RSA, because PDF readers in
use check it everywhere; the authorities' SM2 seals come through another adapter of this port.
"""

import asyncio
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko_certvalidator.registry import SimpleCertificateStore

from integrations.ports import Rejected, SealedPdf, SealMark, Unavailable

_OWNER = "小政测试章"
_VALID_DAYS = 30


@dataclass
class SandboxSeal:
    """Seals with a throw-away certificate; remembers what it sealed; can be told to fail."""

    failing: bool = False
    sealed: dict[str, SealedPdf] = field(default_factory=dict)
    _signer: SimpleSigner | None = field(default=None, repr=False)

    def mark(self) -> SealMark:
        return SealMark(_OWNER, test=True, drawn_by_service=False)

    async def seal(self, pdf: bytes, *, key: str) -> SealedPdf:
        if self.failing:
            raise Unavailable("the test seal was told to fail")
        if key not in self.sealed:
            self.sealed[key] = await asyncio.to_thread(self._seal, pdf)
        return self.sealed[key]

    def _seal(self, pdf: bytes) -> SealedPdf:
        if self._signer is None:
            self._signer = _new_signer()
        metadata = PdfSignatureMetadata(
            field_name="Seal", name=_OWNER, subfilter=SigSeedSubFilter.PADES
        )
        try:
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            out = PdfSigner(metadata, self._signer).sign_pdf(writer)
        except (PdfError, ValueError) as exc:
            raise Rejected("not a PDF that can be sealed") from exc
        return SealedPdf(out.getvalue(), _OWNER)


def _new_signer() -> SimpleSigner:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _OWNER)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=_VALID_DAYS))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    private = key.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(der),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]
    )
