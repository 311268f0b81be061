"""New names for old ones: random, and the same for the same old one within a run."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pseudonyms:
    """What stands for unique identifiers and patients. Not derived from them, so that nobody can try out which."""

    _uids: dict[str, str] = field(default_factory=dict)
    _patients: dict[str, str] = field(default_factory=dict)

    def uid(self, old: str) -> str:
        """A DICOM unique identifier (PS3.5 B.2)."""
        return self._uids.setdefault(old, f"2.25.{uuid.uuid4().int}")

    def patient(self, old: str) -> str:
        """What stands for a patient's id; empty for an empty one."""
        return self._patients.setdefault(old, f"P{secrets.token_hex(5)}") if old else ""
