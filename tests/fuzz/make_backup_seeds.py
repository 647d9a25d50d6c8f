"""Makes the seeds of backup_archive_fuzz: tests/fuzz/corpus/backup_archive_fuzz/*. The archives are those of Python's tarfile, and
nothing in them is a key. Run from the top of the tree: /usr/bin/python3 tests/fuzz/make_backup_seeds.py
"""

import hashlib
import io
import json
import pathlib
import tarfile

CORPUS = pathlib.Path(__file__).parent / "corpus" / "backup_archive_fuzz"
FILES = {
    "data/journal.key": ("journal_key", "/var/lib/certspan/journal.key", b"k" * 32),
    "data/audit.key": ("audit_key", "/var/lib/certspan/audit.key", b"a" * 32),
    "config/certspan.yaml": ("config", "/etc/certspan/certspan.yaml", b"version: 1\n"),
    "files/1": ("file", "/etc/certspan/ra.pem", b""),
    "data/journal.db": ("journal", "/var/lib/certspan/journal.db", b"SQLite format 3\0"),
}


def manifest():
    files = [{"part": part, "name": name, "place": place, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
             for name, (part, place, content) in FILES.items()]
    return json.dumps({"certspan_backup": 1, "certspan": "0.9.0", "schema": 5, "made_at_ms": 1_800_000_000_000,
                       "audit": {"number": 7, "hash": "03" * 32, "removed": 1}, "files": files,
                       "provided": ["environment variable PROXY"]}).encode()


def archive(form, contents):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content in contents:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def main():
    CORPUS.mkdir(parents=True, exist_ok=True)
    contents = [("manifest.json", manifest())] + [(name, content) for name, (_, _, content) in FILES.items()]
    (CORPUS / "manifest").write_bytes(manifest())
    (CORPUS / "ustar").write_bytes(archive(tarfile.USTAR_FORMAT, contents))
    (CORPUS / "gnu").write_bytes(archive(tarfile.GNU_FORMAT, contents))
    # What stands in an extended header: a long name.
    (CORPUS / "pax").write_bytes(archive(tarfile.PAX_FORMAT, contents + [("files/" + "2" * 300, b"x")]))


if __name__ == "__main__":
    main()
