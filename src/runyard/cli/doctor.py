"""`runyard doctor`: what holds a program on this machine, and what to do about what does not."""

from __future__ import annotations

import typer

from runyard.cli.local import Diagnosis, require_local
from runyard.cli.output import FAILED


def doctor(context: typer.Context) -> None:
    """Try what sandboxes need here. Ends with 1 if programs cannot be run."""
    diagnosis = require_local(context.obj).diagnose()
    typer.echo(render_diagnosis(diagnosis))
    raise typer.Exit(0 if diagnosis.usable else FAILED)


def render_diagnosis(diagnosis: Diagnosis) -> str:
    lines = []
    for finding in diagnosis.findings:
        lines.append(f"{'ok  ' if finding.works else 'FAIL'}  {finding.what}")
        if finding.advice:
            lines.append(f"      {finding.advice}")
    if not diagnosis.usable:
        lines.append(f"Programs cannot be run here: {diagnosis.reason or 'see above'}")
    elif all(finding.works for finding in diagnosis.findings):
        lines.append("Programs can be run here, with every limit enforced.")
    else:
        lines.append("Programs can be run here; see above for what is weaker than it should be.")
    return "\n".join(lines)
