"""Archive PDFs: PDF/A-3 (ISO 19005-3) with a structured invoice in it, which makes them Factur-X.

What PDF/A wants beyond our own embedded fonts is added to what the PDF library writes: metadata as
XMP that says what the document information says, a color profile, and the file as an associated
file. Dates come from the document, never from a clock, so equal content gives equal bytes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from activities.adapters.pdf.color_profile import srgb
from activities.adapters.pdf.typeface import BOLD, REGULAR, printable

FILE_NAME = "factur-x.xml"
LEVEL = "EN 16931"

_PDF_VERSION = (1, 7)
_SPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES = (
    ("DocumentFileName", "The name of the embedded structured invoice"),
    ("DocumentType", "What the embedded structured document is"),
    ("Version", "The version of its schema"),
    ("ConformanceLevel", "The profile it conforms to"),
)
_ENDING = b"endstream\nendobj\n"


@dataclass(frozen=True)
class Archive:
    """What makes a document an archive PDF: the structured invoice, and the day it was issued."""

    xml: bytes
    dated_on: date


def canvas_of(archive: Archive) -> Callable[..., Canvas]:
    """Return what makes the canvas of an archive PDF."""

    def made(*arguments: Any, **options: Any) -> Canvas:
        canvas = _ArchiveCanvas(*arguments, **options)
        canvas.archive = archive
        return canvas

    return made


class _ArchiveCanvas(Canvas):  # type: ignore[misc]  # the library has no types
    archive: Archive

    def setFont(self, psfontname: str, size: float, leading: float | None = None) -> None:  # noqa: N802
        """Name only fonts that are embedded; tables ask for another one before any text."""
        own = psfontname if psfontname in (REGULAR, BOLD) else REGULAR
        super().setFont(own, size, leading)

    def save(self) -> None:
        """Add what an archive PDF needs, then write the file."""
        _complete(self._doc, self.archive)
        super().save()


def with_line_ends(pdf: bytes) -> bytes:
    """Return a PDF of the library with an end of line before every `endstream`.

    PDF/A wants it (6.1.7.1) and the library leaves it out after binary data. Only the end of an
    object is touched, whatever its data hold, and the table of objects is written anew.
    """
    table = pdf.rindex(b"xref\n", 0, pdf.rindex(b"startxref"))
    heads = [int(entry[:10]) for entry in re.findall(rb"\d{10} \d{5} n ", pdf[table:])]
    ends = sorted([*heads, table])
    body, moved = pdf[: ends[0]], {}
    for start, end in pairwise(ends):
        moved[start] = len(body)
        written = pdf[start:end]
        if written.rstrip().endswith(_ENDING.rstrip()):
            at = written.rindex(b"endstream")
            written = written[:at] + b"\n" + written[at:]
        body += written
    rows = b"".join(b"%010d 00000 n \n" % moved[head] for head in heads)
    count = len(heads) + 1
    trailer = pdf[pdf.index(b"trailer", table) : pdf.rindex(b"startxref")]
    head = b"xref\n0 %d\n0000000000 65535 f \n" % count
    return body + head + rows + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)


def _complete(document: Any, archive: Archive) -> None:
    document._pdfVersion = _PDF_VERSION  # noqa: SLF001 - the library offers no other way
    day = archive.dated_on
    document._timeStamp.YMDhms = (day.year, day.month, day.day, 0, 0, 0)  # noqa: SLF001
    document.updateSignature(archive.xml)
    catalog = document.Catalog
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "AF", "OutputIntents"]
    file = document.Reference(_file(document, archive))
    names = pdfdoc.PDFArray([pdfdoc.PDFString(FILE_NAME), file])
    files = pdfdoc.PDFDictionary({"Names": names})
    catalog.Names = pdfdoc.PDFDictionary({"EmbeddedFiles": files})
    catalog.AF = pdfdoc.PDFArray([file])
    catalog.OutputIntents = pdfdoc.PDFArray([document.Reference(_intent(document))])
    metadata = pdfdoc.PDFStream(_named(Type="Metadata", Subtype="XML"), _xmp(document, archive))
    catalog.Metadata = metadata


def _named(**names: str) -> Any:
    return pdfdoc.PDFDictionary({key: pdfdoc.PDFName(name) for key, name in names.items()})


def _file(document: Any, archive: Archive) -> Any:
    kind = _named(Type="EmbeddedFile")
    # The library escapes the sign of the escape, and leaves the slash alone.
    kind["Subtype"] = "/text#2Fxml"
    stream = pdfdoc.PDFStream(kind, archive.xml, [pdfdoc.PDFZCompress])
    day = pdfdoc.PDFString(f"D:{archive.dated_on:%Y%m%d}000000+00'00'")
    sizes = {"Size": len(archive.xml), "CreationDate": day, "ModDate": day}
    stream.dictionary["Params"] = pdfdoc.PDFDictionary(sizes)
    embedded = document.Reference(stream)
    made = _named(Type="Filespec", AFRelationship="Alternative")
    made["F"] = made["UF"] = pdfdoc.PDFString(FILE_NAME)
    made["Desc"] = pdfdoc.PDFString("The structured invoice (Factur-X)")
    made["EF"] = pdfdoc.PDFDictionary({"F": embedded, "UF": embedded})
    return made


def _intent(document: Any) -> Any:
    profile = pdfdoc.PDFStream(pdfdoc.PDFDictionary({"N": 3}), srgb(), [pdfdoc.PDFZCompress])
    made = _named(Type="OutputIntent", S="GTS_PDFA1")
    made["OutputConditionIdentifier"] = made["Info"] = pdfdoc.PDFString("sRGB IEC61966-2.1")
    made["DestOutputProfile"] = document.Reference(profile)
    return made


def _xmp(document: Any, archive: Archive) -> bytes:
    info = document.info
    moment = f"{archive.dated_on:%Y-%m-%d}T00:00:00+00:00"
    stamped = "".join(
        f"<xmp:{name}>{value}</xmp:{name}>"
        for name, value in (
            ("CreatorTool", _plain(info.creator)),
            ("CreateDate", moment),
            ("ModifyDate", moment),
        )
    )
    parts = {
        "pdfaid": "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>",
        "dc": _dublin_core(info),
        "pdf": f"<pdf:Producer>{_plain(info.producer)}</pdf:Producer>",
        "xmp": stamped,
        "fx": _factur_x(),
        "schemas": _schema(),
    }
    described = "".join(
        f'<rdf:Description rdf:about="" {_NAMES[name]}>{content}</rdf:Description>'
        for name, content in parts.items()
    )
    return (
        '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF {_NAMES["rdf"]}>{described}'
        '</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


_NAMES = {
    "rdf": 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"',
    "pdfaid": 'xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/"',
    "dc": 'xmlns:dc="http://purl.org/dc/elements/1.1/"',
    "pdf": 'xmlns:pdf="http://ns.adobe.com/pdf/1.3/"',
    "xmp": 'xmlns:xmp="http://ns.adobe.com/xap/1.0/"',
    "fx": f'xmlns:fx="{_SPACE}"',
    "schemas": (
        'xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" '
        'xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" '
        'xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"'
    ),
}


def _dublin_core(info: Any) -> str:
    title = f'<rdf:Alt><rdf:li xml:lang="x-default">{_plain(info.title)}</rdf:li></rdf:Alt>'
    about = f'<rdf:Alt><rdf:li xml:lang="x-default">{_plain(info.subject)}</rdf:li></rdf:Alt>'
    author = f"<rdf:Seq><rdf:li>{_plain(info.author)}</rdf:li></rdf:Seq>"
    return (
        f"<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator>"
        f"<dc:description>{about}</dc:description>"
    )


def _factur_x() -> str:
    values = {
        "DocumentType": "INVOICE",
        "DocumentFileName": FILE_NAME,
        "Version": "1.0",
        "ConformanceLevel": LEVEL,
    }
    return "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value in values.items())


def _schema() -> str:
    """Describe the properties of Factur-X, which PDF/A does not know by itself (6.6.2.3)."""
    properties = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        for name, meaning in _PROPERTIES
    )
    return (
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        "<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_SPACE}</pdfaSchema:namespaceURI>"
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property>"
        "</rdf:li></rdf:Bag></pdfaExtension:schemas>"
    )


def _plain(text: str) -> str:
    return escape(printable(text))
