"""The gold beside a sample: spans, clusters of near-duplicates, expected rejections, the canary."""

import json
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from pipelines.sampling.corpus import CLINICAL, Corpus
from pipelines.sampling.layout import Layout
from pipelines.sampling.record import Record


class Gold:
    """Side files in a hidden folder, written as documents are made."""

    def __init__(self, folder: Path, corpus: Corpus, layouts: Mapping[str, Layout]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._corpus, self._layouts = folder, corpus, layouts
        self._entities = self._open("entities.jsonl")
        self._rejects = self._open("rejects.jsonl")
        self._templates: dict[int, array[int]] = {}

    def _open(self, name: str) -> IO[str]:
        return open(self._folder / name, "w", encoding="utf-8", newline="\n")

    def add(self, record: Record, file: str) -> None:
        """Note what is known of a document that is being written to `file`."""
        if record.reject:
            _line(self._rejects, {"source": record.source, "key": record.key, "reason": record.reject, "file": file})
        elif record.source in CLINICAL:
            _line(
                self._entities,
                {
                    "id": f"{record.source}/{record.key}",
                    "source": record.source,
                    "key": record.key,
                    "text": record.text,
                    "entities": [{"begin": b, "end": e, "label": label} for b, e, label in record.spans],
                },
            )

    def reject_file(self, source: str, file: str, reason: str) -> None:
        """Note a file that is broken on purpose."""
        _line(self._rejects, {"source": source, "key": "", "reason": reason, "file": file})

    def finish(self, manifest: Mapping[str, Any], canary: Mapping[str, list[str]]) -> None:
        """Write the clusters, the canary and the manifest, and close the files."""
        with self._open("duplicates.jsonl") as stream:
            clusters = self._write_clusters(stream)
        self._entities.close()
        self._rejects.close()
        for name, value in (("canary.json", canary), ("manifest.json", {**manifest, "clusters": clusters})):
            with self._open(name) as stream:
                json.dump(value, stream, ensure_ascii=False, indent=2)
                stream.write("\n")

    def _write_clusters(self, stream: IO[str]) -> int:
        """Write each cluster: the original first, then its copies with the share of words changed."""
        number = 0
        templates: dict[int, array[int]] = {}
        for source, layout in self._layouts.items():
            open_clusters: dict[tuple[str, int], list[tuple[int, float, str]]] = {}
            for document in range(layout.count):
                role = self._corpus.role(source, document)
                if role.kind in ("copy", "chapter") and role.root < self._layouts[role.root_source].count:
                    open_clusters.setdefault((role.root_source, role.root), []).append(
                        (document, role.strength, role.kind)
                    )
                elif role.kind == "template":
                    templates.setdefault(role.template, array("Q")).append(document)
                if document % 40 == 39 or document == layout.count - 1:
                    for (root_source, root), copies in open_clusters.items():
                        _line(stream, self._cluster(number, source, root_source, root, copies))
                        number += 1
                    open_clusters.clear()
        for documents in templates.values():
            if len(documents) > 1:
                key = self._layouts["radiology_reports"].key
                members = [["radiology_reports", key(document)] for document in documents]
                _line(stream, {"cluster": number, "kind": "template", "members": members})
                number += 1
        return number

    def _cluster(
        self, number: int, source: str, root_source: str, root: int, copies: list[tuple[int, float, str]]
    ) -> dict[str, Any]:
        members = [[root_source, self._layouts[root_source].key(root)]]
        members += [[source, self._layouts[source].key(document)] for document, _, _ in copies]
        strengths = [strength for _, strength, _ in copies]
        kind = "chapter" if copies[0][2] == "chapter" else "edited" if any(strengths) else "exact"
        return {"cluster": number, "kind": kind, "members": members, "strengths": [0.0, *strengths]}


def _line(stream: IO[str], value: Mapping[str, Any]) -> None:
    stream.write(json.dumps(value, ensure_ascii=False) + "\n")
