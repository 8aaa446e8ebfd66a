"""Tables of reports: CSV, TSV, JSON Lines and Parquet."""

import csv
import json
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.sampling.record import Record

RIS_COLUMNS = ("Accession Number", "Patient ID", "Nachname", "Vorname", "Geburtsdatum", "Straße", "PLZ", "Ort")
RIS_COLUMNS += ("Untersuchungsdatum", "Untersuchung", "Befunder", "Befundtext")
NOTE_COLUMNS = ("Dokument ID", "Patient ID", "Nachname", "Vorname", "Geburtsdatum", "Straße", "PLZ", "Ort")
NOTE_COLUMNS += ("Datum", "Dokumentart", "Autor", "Text")


def row(record: Record) -> tuple[str, ...]:
    """Return the values of a record in the order of the columns."""
    who, doctor = record.patient, record.physician
    if who is None or doctor is None:
        raise ValueError(f"record {record.key} of {record.source} has no patient, so it is no row of a clinical table")
    return (
        record.identity, who.number, who.family, who.given, f"{who.birth:%d.%m.%Y}", who.street, who.postcode, who.town,
        f"{record.day:%d.%m.%Y}", record.metadata["exam_type"], f"{doctor.title} {doctor.full}".strip(), record.text,
    )  # fmt: skip


def _write_csv(path: str, records: Iterator[Record], encoding: str, delimiter: str, columns: tuple[str, ...]) -> None:
    with open(path, "w", encoding=encoding, errors="replace", newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n" if encoding == "cp1252" else "\n")
        writer.writerow(columns)
        writer.writerows(map(row, records))


def ris_csv(path: str, records: Iterator[Record]) -> None:
    """Write a comma-separated UTF-8 export of a radiology information system."""
    _write_csv(path, records, "utf-8", ",", RIS_COLUMNS)


def ris_csv_cp1252(path: str, records: Iterator[Record]) -> None:
    """Write a semicolon-separated export in cp1252, as German Excel makes it."""
    _write_csv(path, records, "cp1252", ";", RIS_COLUMNS)


def ris_tsv_utf16(path: str, records: Iterator[Record]) -> None:
    """Write a tab-separated export in UTF-16 with a byte order mark."""
    _write_csv(path, records, "utf-16", "\t", RIS_COLUMNS)


def notes_csv(path: str, records: Iterator[Record]) -> None:
    """Write a table of clinical notes."""
    _write_csv(path, records, "utf-8-sig", ";", NOTE_COLUMNS)


def ris_jsonl(path: str, records: Iterator[Record]) -> None:
    """Write a JSON object a line."""
    with open(path, "w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            stream.write(json.dumps(dict(zip(RIS_COLUMNS, row(record), strict=True)), ensure_ascii=False) + "\n")


def ris_parquet(path: str, records: Iterator[Record]) -> None:
    """Write a Parquet file with row groups of 2,000 rows."""
    schema = pa.schema([(name, pa.string()) for name in RIS_COLUMNS])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        rows: list[tuple[str, ...]] = []
        for record in records:
            rows.append(row(record))
            if len(rows) == 2000:
                _write_rows(writer, schema, rows)
                rows.clear()
        if rows:
            _write_rows(writer, schema, rows)


def _write_rows(writer: pq.ParquetWriter, schema: pa.Schema, rows: list[tuple[str, ...]]) -> None:
    columns = [pa.array(values, pa.string()) for values in zip(*rows, strict=True)]
    writer.write_table(pa.Table.from_arrays(columns, schema=schema))
