import base64
import io

from pipelines.formats import Unreadable
from pipelines.formats.hl7v2_reports import read_messages

ORU = "\r".join(
    [
        "MSH|^~\\&|RIS|KLINIK|KIS|KLINIK|20240312||ORU^R01^ORU_R01|4711|P|2.5||||||UNICODE UTF-8",
        (
            "PID|1||100200^^^KIS^PI~A123456780^^^AOK^NI||von Müller&von&Müller^Gisela^Maria^^Dr.|Schmidt|19540524|F|||"
            "Dorfstraße 9&Dorfstraße&9^^Berlin^^13051^DE||030/123456^PRN^PH^gisela@example.org||||||FALL77"
        ),
        "PV1|1|I|ST1||||1234^Wagner^Otto^^^Dr.||||||||||||V998877",
        "ORC|RE|P1|ACC-2024-001",
        (
            "OBR|1|P1|ACC-2024-001|CTTH^CT Thorax nativ^L||||||||||||5678^Überweiser^Anna||||||||CT||||||||"
            "88&Befunder&Karl^20240312"
        ),
        "OBX|1|FT|BEF^Befund^L||Kein Pneumothorax.\\.br\\Kein Erguss \\T\\ keine Stauung.||||||F",
        "OBX|2|FT|BEF^Befund^L||Herz normal groß~Zwerchfelle glatt.||||||F",
        "OBX|3|TX|BEU^Beurteilung^L||Unauffälliger Befund bei 5^3 Punkten.||||||F",
        "OBX|4|NM|DLP^Dosis^L||312|mGycm|||||F",
        "NTE|1||Nachtrag folgt.",
        "",
    ]
)


def read(text: str, encoding: str = "utf-8") -> list:
    return list(read_messages(io.BytesIO(text.encode(encoding)), 0, None, "x.hl7"))


def test_report():
    (record,) = read(ORU)
    assert record.key == "ACC-2024-001"
    assert record.patient == "100200"
    assert record.metadata == {"exam_type": "CT Thorax nativ", "modality": "CT"}
    assert record.text == (
        "Befund:\nKein Pneumothorax.\nKein Erguss & keine Stauung.\nHerz normal groß\nZwerchfelle glatt.\n\n"
        "Beurteilung:\nUnauffälliger Befund bei 5^3 Punkten.\nNachtrag folgt."
    )


def test_known_identifiers():
    (record,) = read(ORU)
    assert {(known.label, known.value) for known in record.known} == {
        ("ID", "100200"), ("ID", "A123456780"), ("ID", "FALL77"), ("ID", "V998877"),
        ("ID", "P1"), ("ID", "ACC-2024-001"),
        ("PERSON", "von Müller, Gisela Maria"), ("PERSON", "Schmidt"), ("PERSON", "Wagner, Otto"),
        ("PERSON", "Überweiser, Anna"), ("PERSON", "Befunder, Karl"), ("DATE_OF_BIRTH", "1954-05-24"),
        ("STREET", "Dorfstraße 9"), ("CITY", "Berlin"), ("ZIP", "13051"),
        ("PHONE", "030/123456"), ("EMAIL", "gisela@example.org"),
    }  # fmt: skip


def test_one_report_an_order():
    message = ORU + "OBR|2|P2|ACC-2024-002|MR^MRT Schädel^L\rOBX|1|TX|||Zweiter Befund\rOBR|3||ACC-2024-003\r"
    records = read(message)
    assert [record.key for record in records] == ["ACC-2024-001", "ACC-2024-002", "ACC-2024-003"]
    assert records[1].text == "Zweiter Befund"
    assert records[2] == Unreadable("ACC-2024-003", "no_text")
    assert records[0].patient == records[1].patient == "100200"


def test_encapsulated_documents():
    rtf = base64.b64encode(rb"{\rtf1\ansi Kein Erguss, Gr\'f6\'dfe normal.}").decode()
    head = ORU.partition("OBX|1")[0]
    assert read(f"{head}OBX|1|ED|||^application^rtf^Base64^{rtf}\r")[0].text == "Kein Erguss, Größe normal."
    assert read(f"{head}OBX|1|ED|||^application^rtf^Base64^***\r") == [Unreadable("ACC-2024-001", "bad_base64")]


def test_bad_messages_beside_good_ones():
    broken = b"MSH||\rPID\r"
    acknowledgement = b"MSH|^~\\&|||||||ACK|99\rMSA|AA\r"
    content = broken + ORU.encode() + acknowledgement + b"\x0b" + ORU.encode() + b"\x1c\r"
    records = list(read_messages(io.BytesIO(content), 0, None, "x.hl7"))
    assert [getattr(record, "reason", record.key) for record in records] == [
        "malformed_message", "ACC-2024-001", "unsupported_message", "ACC-2024-001",
    ]  # fmt: skip
